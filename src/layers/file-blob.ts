/** Bytes of this machine as a RemoteBlob: what has to be checked or unpacked is read like what comes from a network. */
import type { BlobRange, Source } from '../cache/source.js';
import type { Arrival, FetchOptions, RemoteBlob } from '../remote/remote-blob.js';

/** Bytes that are read at once. */
const PIECE_SIZE = 1 << 20;

export class FileBlob implements RemoteBlob {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly version: string;
  readonly #source: Source;

  /** Takes the source over, whose bytes are all at hand: closing the blob closes it. */
  constructor(source: Source, { id, name, version }: Pick<RemoteBlob, 'id' | 'name' | 'version'>) {
    this.id = id;
    this.name = name;
    this.size = source.size;
    this.version = version;
    this.#source = source;
  }

  /** Rejects with what the source throws. */
  async fetch({ offset, length }: BlobRange, arrived: Arrival, options: FetchOptions = {}): Promise<void> {
    const room = new Uint8Array(Math.min(PIECE_SIZE, length));
    for (let done = 0; done < length; done += room.length) {
      options.signal?.throwIfAborted();
      const piece = room.subarray(0, length - done);
      this.#source.readSync!(piece, offset + done);
      arrived(offset + done, piece);
      // others get their turn
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    this.#source.close();
  }
}
