/** Bytes of one blob: a local file or block device here; HTTP and registries implement the same in src/remote. */

/** A half-open range of bytes of one blob. */
export interface BlobRange {
  readonly offset: number;
  readonly length: number;
}

export interface Source {
  /** name and version of the blob: two sources with one id have the same bytes */
  readonly id: string;
  /** what people call it: a path or URL without secrets, for messages */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /**
   * Fills dst from `offset`. Present only where it cannot block for long (a local file).
   * Throws code 'truncated' where the blob ends before, 'io' where the system refuses.
   */
  readSync?(dst: Uint8Array, offset: number): void;
  /** One array a range, each of its full length; rejects like readSync throws. */
  read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]>;
  close(): void;
}
