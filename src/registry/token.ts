/** One bearer token as a token service answers it (distribution, "Token Authentication Specification"). */
import { FetchFailure } from '../remote/fetch-failure.js';
import type { ExchangeAnswer } from '../remote/http-exchange.js';
import { fieldOf } from '../remote/response-fields.js';

export interface Token {
  readonly value: string;
  /** milliseconds since the epoch, by this machine's clock: the server takes it no longer */
  readonly expires: number;
  /** the time from which on a new one is asked for */
  readonly renewed: number;
}

/** What the specification says a token lives where the answer does not say it. */
const DEFAULT_LIFETIME_S = 60;

/** How long before its end a token is replaced: at most, and as a part of its life. */
const LONGEST_MARGIN_MS = 20_000;
const MARGIN_PART = 1 / 4;

/**
 * `now` is milliseconds since the epoch. How much of its life has passed is told by the server's clock alone, where the
 * answer has a Date: this machine's may be wrong. Throws FetchFailure 'protocol', without any of the answer.
 */
export function parseToken(answer: ExchangeAnswer, now = Date.now(), random = Math.random()): Token {
  const document = parseDocument(answer.body);
  // access_token is the name in OAuth2; a service that gives both means one token
  const value = document.token || document.access_token;
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new FetchFailure('protocol', 'the answer of the token service has no token that could be sent');
  }
  const { expires_in: given, issued_at: issued } = document;
  const lifetime = (typeof given === 'number' && given > 0 ? given : DEFAULT_LIFETIME_S) * 1000;
  const issuedAt = typeof issued === 'string' ? Date.parse(issued) : Number.NaN;
  const answeredAt = Date.parse(fieldOf(answer.fields, 'date') ?? '');
  const age = (Number.isNaN(answeredAt) ? now : answeredAt) - issuedAt;
  // a token that is said to be over already is tried all the same: the registry decides
  const rest = age > 0 && age < lifetime ? lifetime - age : lifetime;
  const margin = Math.min(LONGEST_MARGIN_MS, rest * MARGIN_PART);
  // not all who read with it at the same moment
  return { value, expires: now + rest, renewed: now + rest - margin * (1 + random) * 0.5 };
}

function parseDocument(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    // the parser's message would repeat a part of the token
    throw new FetchFailure('protocol', 'the answer of the token service is no JSON');
  }
}
