/** What a status without the wanted bytes means: RFC 9110 §15, RFC 6585, RFC 8470. */
import { STATUS_CODES } from 'node:http';
import { FetchFailure } from './fetch-failure.js';
import { fieldOf, type ResponseFields } from './response-fields.js';

const TRANSIENT = new Set([408, 425, 429]);

/** 5xx that say that asking again is useless. */
const NEVER = new Set([501, 505, 511]);

const REASONS: Readonly<Record<number, string>> = {
  400: 'it does not accept the request (a client certificate may be missing, or a signed URL have expired)',
  401: 'it wants to know who asks: give a token or headers in a file',
  403: 'it does not allow this: check the credentials, or whether a signed URL has expired',
  404: 'there is no such blob',
  407: 'it wants a user and a password: put them into the proxy variable of the environment',
  410: 'the blob is no longer there',
  511: 'this network wants a login first',
};

/** `now` is milliseconds since the epoch. */
export function statusFailure(status: number, fields: ResponseFields, now = Date.now()): FetchFailure {
  const name = STATUS_CODES[status];
  const reason = REASONS[status];
  const message = `the server answered ${status}${name ? ` ${name}` : ''}${reason ? `: ${reason}` : ''}`;
  if (TRANSIENT.has(status) || (status >= 500 && !NEVER.has(status))) {
    const retryAfter = parseRetryAfter(fieldOf(fields, 'retry-after'), now);
    return new FetchFailure('unreachable', message, { transient: true, status, retryAfter });
  }
  return new FetchFailure(status >= 400 ? 'refused' : 'protocol', message, { status });
}

/** Milliseconds from now: the field is seconds or a date (RFC 9110 §10.2.3); undefined for anything else. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // what begins with a day's name; Date.parse takes "-1" for a date as well
  const date = /^[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
