/**
 * Where redirects lead, and what may go along.
 *
 * LAW: credentials go to the scheme, host and port that was asked first, and to nothing a redirect names.
 */
import { isHttp, publicName } from './blob-url.js';
import { FetchFailure } from './fetch-failure.js';
import type { HttpNotice } from './http-options.js';
import { isPrivateHost, isPrivateLiteral, privateTarget } from './private-address.js';

/** A place on the way from the first URL to the answer. */
export interface Hop {
  readonly url: URL;
  /** may see the credentials */
  readonly isTrusted: boolean;
  /** must not be on a private network */
  readonly guarded: boolean;
}

export interface RedirectRules {
  /** how many are followed */
  readonly redirects: number;
  /** they may lead from a public host to a private or loopback address */
  readonly allowPrivateRedirects: boolean;
  readonly report: (notice: HttpNotice) => void;
}

export const NO_REDIRECT = Symbol('no redirect');

export interface HopAnswer {
  readonly status: number;
  /** where to go instead; undefined where a redirect does not say */
  readonly location: string | undefined | typeof NO_REDIRECT;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export const isRedirect = (status: number): boolean => REDIRECTS.has(status);

/**
 * Asks `from`, and on to where its answers lead, until one is no redirect: gives that one. `start` is what was asked first and
 * has the credentials. Rejects with FetchFailure, or as `ask` does.
 */
export async function followRedirects<Answer extends HopAnswer>(
  start: Hop,
  from: Hop,
  rules: RedirectRules,
  ask: (hop: Hop) => Promise<Answer>,
): Promise<Answer> {
  const seen = [from.url];
  let hop = from;
  for (;;) {
    const answer = await ask(hop);
    if (answer.location === NO_REDIRECT) return answer;
    const next = await nextHop(start, hop, answer.location, answer.status, rules);
    if (seen.some(({ href }) => href === next.url.href)) {
      throw redirectFailure('leads in a circle', [...seen, next.url]);
    }
    seen.push(next.url);
    if (seen.length > rules.redirects + 1) {
      throw redirectFailure(`leads on more than ${rules.redirects} times`, seen);
    }
    hop = next;
  }
}

async function nextHop(
  start: Hop,
  hop: Hop,
  location: string | undefined,
  status: number,
  rules: RedirectRules,
): Promise<Hop> {
  if (location === undefined || !URL.canParse(location, hop.url.href)) {
    throw new FetchFailure('protocol', `the server answered ${status}, a redirect without a URL to go to`);
  }
  const url = new URL(location, hop.url);
  if (!isHttp(url)) throw new FetchFailure('protocol', `a redirect leads to a URL of ${url.protocol}`);
  url.username = '';
  url.password = '';
  url.hash = '';
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
    const message = `${publicName(start.url)} leads from https to http: what comes from ${publicName(url)} may be forged`;
    rules.report({ code: 'insecure', message });
  }
  const isTrusted = hop.isTrusted && url.origin === start.url.origin;
  const guarded =
    hop.guarded || (!isTrusted && !rules.allowPrivateRedirects && (await mustBeGuarded(start.url, url)));
  return { url, isTrusted, guarded };
}

/**
 * Whether a server that was led to must not be on a private network: where the one that leads there is public. Throws
 * FetchFailure 'refused' where its address is plainly private.
 */
export async function mustBeGuarded(from: URL, to: URL): Promise<boolean> {
  if (await isPrivateHost(from.hostname)) return false;
  if (isPrivateLiteral(to.hostname)) throw privateTarget(to.hostname);
  return true;
}

const redirectFailure = (complaint: string, way: readonly URL[]): FetchFailure => {
  const names = way.map(publicName);
  // a long way is told by its ends
  if (names.length > 4) names.splice(2, names.length - 3, '…');
  return new FetchFailure('protocol', `a redirect ${complaint}: ${names.join(' -> ')}`);
};
