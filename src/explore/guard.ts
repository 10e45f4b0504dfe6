/**
 * Who may ask: whoever knows the token that the URL has. Pages of other sites do not, nor do other users of this machine; and the Host
 * that a browser was led to has to be this server's own, so that no name of somebody else's leads here (DNS rebinding).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 24;
const LACKING = 'the URL lacks the token that erofs explore printed';

export const newToken = (): string => randomBytes(TOKEN_BYTES).toString('base64url');

export interface Request {
  readonly method: string;
  /** as it was sent: a path, and perhaps a query */
  readonly target: string;
  readonly host: string | undefined;
  /** Sec-Fetch-Site and Sec-Fetch-Dest, which browsers send */
  readonly site: string | undefined;
  readonly destination: string | undefined;
}

export type Verdict =
  | { readonly refused: number; readonly reason: string }
  /** the ticket was shown: who has it is to ask for this path */
  | { readonly refused: undefined; readonly redirect: string }
  /** path without the token: "" for the page itself */
  | {
      readonly refused: undefined;
      readonly redirect: undefined;
      readonly path: string;
      readonly query: URLSearchParams;
    };

/** What another page makes a browser ask for: all but what somebody goes to, by a link or from a file. */
const isForeign = ({ site, destination }: Request): boolean =>
  (site === 'cross-site' || site === 'same-site') && destination !== 'document';

const refuse = (refused: number, reason: string): Verdict => ({ refused, reason });

export class Guard {
  readonly #token: string;
  readonly #digest: Buffer;
  readonly #hosts: readonly string[];
  #ticket: Buffer | undefined;

  constructor(token: string, port: number) {
    this.#token = token;
    this.#digest = digest(token);
    this.#hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  }

  /**
   * Stands for the token once: for what other users may see, as they see the arguments of a program. Whoever shows it first is led to
   * the page; the one before it is worth nothing any more.
   */
  ticket(): string {
    const ticket = newToken();
    this.#ticket = digest(ticket);
    return ticket;
  }

  judge(request: Request): Verdict {
    const { method, target, host } = request;
    if (host === undefined || !this.#hosts.includes(host)) return refuse(421, 'the host is not this server');
    if (isForeign(request)) return refuse(403, 'asked for by a page of another site');
    if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'expected GET or HEAD');
    const [, token, path, query = ''] = /^\/([^/?]*)\/([^?]*)(?:\?(.*))?$/s.exec(target) ?? [];
    if (token === undefined || path === undefined) return refuse(403, LACKING);
    const shown = digest(token);
    if (this.#ticket !== undefined && timingSafeEqual(shown, this.#ticket)) {
      this.#ticket = undefined;
      return { refused: undefined, redirect: `/${this.#token}/` };
    }
    if (!timingSafeEqual(shown, this.#digest)) return refuse(403, LACKING);
    return { refused: undefined, redirect: undefined, path, query: new URLSearchParams(query) };
  }
}

/** Of one length, as what is compared in constant time has to be. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
