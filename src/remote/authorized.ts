/** Asking as somebody: again, where a server refuses what was shown and there is something else to show. */
import type { Authority } from './authority.js';

export interface AuthorizedAnswer {
  readonly status: number;
  /** values of WWW-Authenticate */
  readonly challenges: readonly string[];
  /** what was shown; undefined where the answer came from a place that must not see it */
  readonly credentials: Readonly<Record<string, string>> | undefined;
}

/** As Authority.refused() says. */
const FINAL_REFUSAL = 3;

/** The last answer, which may be a refusal. Rejects as `ask` and the authority do. */
export async function askAuthorized<Answer extends AuthorizedAnswer>(
  authority: Authority,
  ask: () => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  for (let refusals = 1; ; refusals++) {
    const answer = await ask();
    const { status, challenges, credentials } = answer;
    if ((status !== 401 && status !== 403) || credentials === undefined || refusals === FINAL_REFUSAL) {
      return answer;
    }
    if (!(await authority.refused(credentials, status, challenges, signal))) return answer;
  }
}
