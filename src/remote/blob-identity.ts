/** Which bytes a blob has, and whether an answer is about these. */
import { FetchFailure } from './fetch-failure.js';
import type { HttpEndpoint } from './http-endpoint.js';
import type { Mirrors } from './mirrors.js';
import type { RangeAnswer } from './range-answer.js';
import type { ResponseFields } from './response-fields.js';

export interface BlobIdentity {
  /** as RemoteBlob says; known with the size */
  readonly id: string;
  /** as RemoteBlob says; known with the size */
  readonly version: string;
  /** bytes; undefined before the first answer */
  readonly size: number | undefined;
  /**
   * Compares an answer with the blob, whose size it returns. Throws FetchFailure where the answer is about another one, and
   * RemoteError 'stale' where the blob itself has become another one.
   */
  agree(endpoint: HttpEndpoint, fields: ResponseFields, answer: RangeAnswer): number;
}

/** The endpoint is asked no more. */
export function leaveMirror(mirrors: Mirrors, endpoint: HttpEndpoint, reason: string): never {
  mirrors.leave(endpoint, reason);
  throw new FetchFailure('protocol', `the mirror ${endpoint.name} cannot be used: ${reason}`);
}
