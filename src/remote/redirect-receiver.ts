/** Takes an answer that may be a redirect or an error; what has bytes of the blob goes on to another receiver. */
import type { FetchFailure } from './fetch-failure.js';
import type { Receiver } from './http-transport.js';
import { fieldOf, type ResponseFields } from './response-fields.js';
import { statusFailure } from './status-failure.js';

export const NO_REDIRECT = Symbol('no redirect');

/** 200 and 206 have bytes, 416 tells of their number. */
const ABOUT_BYTES = new Set([200, 206, 416]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** A body that nobody reads: up to here reading it is cheaper than a new connection. */
const DRAINED = 64 * 1024;

export class RedirectReceiver implements Receiver {
  /** where to go instead; undefined where a redirect does not say */
  location: string | undefined | typeof NO_REDIRECT = NO_REDIRECT;
  status = 0;
  failure: FetchFailure | undefined;
  readonly #receiver: Receiver;
  readonly #arrived: () => void;
  #hasBytes = false;
  #drained = 0;

  /** `arrived` is called when bytes of the blob are about to come. */
  constructor(receiver: Receiver, arrived: () => void) {
    this.#receiver = receiver;
    this.#arrived = arrived;
  }

  head(status: number, fields: ResponseFields): void {
    this.status = status;
    if (REDIRECTS.has(status)) {
      this.location = fieldOf(fields, 'location');
    } else if (ABOUT_BYTES.has(status)) {
      this.#hasBytes = status !== 416;
      this.#receiver.head(status, fields);
      this.#arrived();
    } else {
      this.failure = statusFailure(status, fields);
    }
  }

  data(bytes: Uint8Array): boolean {
    if (this.#hasBytes) return this.#receiver.data(bytes);
    this.#drained += bytes.length;
    return this.#drained <= DRAINED;
  }
}
