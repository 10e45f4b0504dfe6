/**
 * One request with a whole answer in memory: documents and tokens, not blobs. Tries again what may go well later, with the
 * pauses of a range, and follows redirects as a range does.
 */
import type { Authority } from './authority.js';
import { type AuthorizedAnswer, askAuthorized } from './authorized.js';
import { FetchFailure } from './fetch-failure.js';
import { HTTP_LIMITS, type HttpLimits, type HttpNotice } from './http-options.js';
import type { HttpTransport, Receiver } from './http-transport.js';
import { LinkedAbort } from './linked-abort.js';
import { pauseAfter } from './pause.js';
import { followRedirects, type Hop, type HopAnswer, isRedirect, NO_REDIRECT } from './redirects.js';
import { fieldOf, type ResponseFields, valuesOf } from './response-fields.js';
import { statusFailure } from './status-failure.js';

export interface ExchangeRequest {
  /** a POST is not led elsewhere: its body has secrets, too */
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  /** go wherever redirects lead; names in lower case */
  readonly fields?: Readonly<Record<string, string>>;
  /** go to the origin of `url` only; names in lower case */
  readonly credentials?: Readonly<Record<string, string>>;
  /** in the place of credentials: asked what to show, and again where that is refused */
  readonly authority?: Authority;
  readonly body?: string;
  /** bytes of the answer's body; BODY_LIMIT unless given */
  readonly limit?: number;
  /** never connect to a private or loopback address */
  readonly guarded?: boolean;
}

export interface ExchangeOptions {
  /** belongs to the caller, who closes it */
  readonly transport: HttpTransport;
  /** `openingTries`, `pause`, `redirects` and `deadline` (for all tries together) are used */
  readonly limits?: Partial<HttpLimits>;
  readonly allowPrivateRedirects?: boolean;
  readonly report?: (notice: HttpNotice) => void;
}

export interface ExchangeAnswer {
  readonly status: number;
  readonly fields: ResponseFields;
  /** empty for HEAD */
  readonly body: Uint8Array;
}

/** 4 MiB: no registry accepts a longer manifest (distribution-spec, "Pushing Manifests"). */
export const BODY_LIMIT = 4 * 1024 * 1024;

/**
 * An answer of any status, except that a transient one (429, 5xx: status-failure.ts) is asked for again first. Rejects with
 * FetchFailure where no answer came, or one that is no HTTP, too long, or leads nowhere; with the signal's reason.
 */
export async function exchange(
  request: ExchangeRequest,
  options: ExchangeOptions,
  signal: AbortSignal,
): Promise<ExchangeAnswer> {
  const limits = { ...HTTP_LIMITS, ...options.limits };
  signal.throwIfAborted();
  const abort = new LinkedAbort(signal);
  let last: FetchFailure | undefined;
  const clock = setTimeout(() => {
    const reason = last?.message ?? 'the answer did not come to its end';
    const message = `it took longer than ${limits.deadline / 1000} s: ${reason}`;
    abort.abort(new FetchFailure('unreachable', message, { transient: true }));
  }, limits.deadline);
  try {
    for (let tries = 1; ; tries++) {
      try {
        const answer = await askOnce(request, options, limits, abort.signal);
        last = answer.failure;
        if (last?.transient !== true || tries >= limits.openingTries) return answer;
      } catch (error) {
        if (!(error instanceof FetchFailure) || !error.transient || tries >= limits.openingTries) throw error;
        last = error;
      }
      await pauseAfter(tries - 1, last, limits, abort.signal);
    }
  } finally {
    clearTimeout(clock);
    abort.release();
  }
}

function askOnce(
  request: ExchangeRequest,
  { transport, allowPrivateRedirects = false, report = () => {} }: ExchangeOptions,
  limits: HttpLimits,
  signal: AbortSignal,
): Promise<WholeAnswer> {
  const { method, url, fields, credentials, authority, body, limit = BODY_LIMIT, guarded = false } = request;
  const start = { url, isTrusted: true, guarded };
  const rules = { redirects: limits.redirects, allowPrivateRedirects, report };
  const ask = async () => {
    const shown = authority === undefined ? credentials : await authority.fields(signal);
    return followRedirects(start, start, rules, async (hop: Hop) => {
      const answer = new WholeAnswer(method, limit, hop.isTrusted ? shown : undefined);
      const sent = {
        method,
        url: hop.url,
        fields: { ...fields, ...answer.credentials },
        guarded: hop.guarded,
        ...(body !== undefined && { body }),
      };
      await transport.send(sent, answer, signal);
      answer.finish();
      return answer;
    });
  };
  return authority === undefined ? ask() : askAuthorized(authority, ask, signal);
}

class WholeAnswer implements Receiver, HopAnswer, AuthorizedAnswer, ExchangeAnswer {
  status = 0;
  fields: ResponseFields = {};
  location: string | undefined | typeof NO_REDIRECT = NO_REDIRECT;
  /** where the status says that the request failed */
  failure: FetchFailure | undefined;
  body: Uint8Array = new Uint8Array();
  challenges: readonly string[] = [];
  readonly credentials: Readonly<Record<string, string>> | undefined;
  readonly #method: ExchangeRequest['method'];
  readonly #limit: number;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(
    method: ExchangeRequest['method'],
    limit: number,
    credentials: Readonly<Record<string, string>> | undefined,
  ) {
    this.credentials = credentials;
    this.#method = method;
    this.#limit = limit;
  }

  head(status: number, fields: ResponseFields): void {
    this.status = status;
    this.fields = fields;
    this.challenges = valuesOf(fields, 'www-authenticate');
    if (status >= 400) this.failure = statusFailure(status, fields);
    if (!isRedirect(status)) return;
    if (this.#method === 'POST') {
      throw new FetchFailure(
        'protocol',
        `the server answered ${status}: a POST is not sent to another place`,
      );
    }
    this.location = fieldOf(fields, 'location');
  }

  data(bytes: Uint8Array): boolean {
    this.#length += bytes.length;
    if (this.#length > this.#limit) {
      throw new FetchFailure(
        'protocol',
        `the answer has more than the ${this.#limit} bytes that are allowed`,
      );
    }
    // slice() of a Buffer would be a view of memory that is lent
    this.#pieces.push(new Uint8Array(bytes));
    return true;
  }

  finish(): void {
    const encoding = fieldOf(this.fields, 'content-encoding') ?? 'identity';
    if (this.#length > 0 && encoding !== 'identity') {
      throw new FetchFailure('protocol', `the answer is encoded (${encoding}), which was not asked for`);
    }
    this.body = Buffer.concat(this.#pieces);
  }
}
