/** Why one request did not bring what it should: what to do next is decided by who asked. */
import type { RemoteErrorCode } from './remote-blob.js';

export interface FailureDetails {
  /** the same request may succeed later */
  readonly transient?: boolean;
  readonly status?: number;
  /** milliseconds that the server asks to wait */
  readonly retryAfter?: number | undefined;
}

/** The message is part of a sentence, without a secret: "the server answered 503 Service Unavailable". */
export class FetchFailure extends Error {
  override readonly name = 'FetchFailure';
  readonly code: RemoteErrorCode;
  readonly transient: boolean;
  readonly status: number | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: RemoteErrorCode, message: string, details: FailureDetails = {}) {
    super(message);
    this.code = code;
    this.transient = details.transient ?? false;
    this.status = details.status;
    this.retryAfter = details.retryAfter;
  }
}
