/**
 * One blob on the other side of a network, and nothing of what is done with its bytes.
 *
 * LAW of this room: the only one that talks to a network; what is kept of the answers is src/cache's.
 */
import type { BlobRange } from '../cache/source.js';

export interface FetchOptions {
  /** nobody waits any more */
  readonly signal?: AbortSignal | undefined;
  /** gives way to what somebody waits for; looked at again whenever a request is about to be sent */
  readonly background?: boolean;
  /** for each answer: where its bytes are to lie in the end */
  readonly landing?: (() => Landing) | undefined;
}

/** Memory that the bytes of one answer are read into, so that nobody has to copy them there. Who uses it need not. */
export interface Landing {
  /**
   * For bytes that come from byte `at` of the blob on, directly behind those before: memory for no more than `shared` has, or
   * `shared` or its beginning. Written to until the next call or left().
   */
  room(at: number, shared: Uint8Array): Uint8Array;
  /** Nothing is written any more to what room() gave. */
  left(): void;
}

/** Bytes that arrived; `at` is the first one's place in the blob. Lent until the call returns. */
export type Arrival = (at: number, bytes: Uint8Array) => void;

export interface RemoteBlob {
  /** name and version, without secrets: two blobs with one id have the same bytes */
  readonly id: string;
  /** what people call it: the URL without secrets */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** with it the blob is opened again without asking first */
  readonly version: string;
  /**
   * Fetches a range that lies in the blob; settles when all of it has arrived. Pieces come in order within a range, and
   * bytes beyond it may come, too. Rejects with RemoteError, or with the signal's reason; what arrived before is right.
   */
  fetch(range: BlobRange, arrived: Arrival, options?: FetchOptions): Promise<void>;
  /** Makes the way ready, without asking for anything: the first fetch is answered a round trip sooner. */
  approach?(): void;
  /** Bytes of the range failed their verification: the next fetch of it asks another mirror, where there is one. */
  blame?(range: BlobRange): void;
  close(): Promise<void>;
}

/**
 * - `stale`       the blob on the server is another one than was opened (errno ESTALE)
 * - `unreachable` no answer in time, however often it was asked (errno EIO)
 * - `refused`     the server says no: not found, not allowed (errno EIO; EACCES for `status` 401 and 403 at open)
 * - `protocol`    an answer that contradicts what was asked (errno EIO)
 * - `offline`     not in the cache, and the network may not be used (errno ENETUNREACH)
 * - `options`     a URL, header or certificate that cannot be used; met at open only
 */
export type RemoteErrorCode = 'stale' | 'unreachable' | 'refused' | 'protocol' | 'offline' | 'options';

export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly code: RemoteErrorCode;
  /** the HTTP status that says so, where one does */
  readonly status: number | undefined;

  constructor(code: RemoteErrorCode, message: string, options?: ErrorOptions & { readonly status?: number }) {
    super(message, options);
    this.code = code;
    this.status = options?.status;
  }
}
