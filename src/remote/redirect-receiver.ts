/** Takes an answer that may be a redirect or an error; what has bytes of the blob goes on to another receiver. */
import type { AuthorizedAnswer } from './authorized.js';
import type { FetchFailure } from './fetch-failure.js';
import type { Receiver } from './http-transport.js';
import { type HopAnswer, isRedirect, NO_REDIRECT } from './redirects.js';
import { fieldOf, type ResponseFields, valuesOf } from './response-fields.js';
import { statusFailure } from './status-failure.js';

/** 200 and 206 have bytes, 416 tells of their number. */
const ABOUT_BYTES = new Set([200, 206, 416]);

/** A body that nobody reads: up to here reading it is cheaper than a new connection. */
const DRAINED = 64 * 1024;

export class RedirectReceiver implements Receiver, HopAnswer, AuthorizedAnswer {
  location: string | undefined | typeof NO_REDIRECT = NO_REDIRECT;
  status = 0;
  failure: FetchFailure | undefined;
  challenges: readonly string[] = [];
  readonly credentials: Readonly<Record<string, string>> | undefined;
  readonly #receiver: Receiver;
  readonly #arrived: () => void;
  #hasBytes = false;
  #drained = 0;

  /** `arrived` is called when bytes of the blob are about to come. */
  constructor(
    receiver: Receiver,
    credentials: Readonly<Record<string, string>> | undefined,
    arrived: () => void,
  ) {
    this.credentials = credentials;
    this.#receiver = receiver;
    this.#arrived = arrived;
  }

  head(status: number, fields: ResponseFields): void {
    this.status = status;
    if (isRedirect(status)) {
      this.location = fieldOf(fields, 'location');
    } else if (ABOUT_BYTES.has(status)) {
      this.#hasBytes = status !== 416;
      this.#receiver.head(status, fields);
      this.#arrived();
    } else {
      this.failure = statusFailure(status, fields);
      this.challenges = valuesOf(fields, 'www-authenticate');
    }
  }

  data(bytes: Uint8Array): boolean {
    if (this.#hasBytes) return this.#receiver.data(bytes);
    this.#drained += bytes.length;
    return this.#drained <= DRAINED;
  }

  room(shared: Uint8Array): Uint8Array {
    return (this.#hasBytes ? this.#receiver.room?.(shared) : undefined) ?? shared;
  }

  left(): void {
    this.#receiver.left?.();
  }
}
