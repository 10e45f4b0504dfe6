/**
 * What can be prefetched.
 *
 * LAW of this room: it asks for bytes that nobody waits for yet, and gives way to every read: on the network, where each request
 * is one of the background, and on the processor, which it gives back every few hundred steps.
 */
import type { BlobRange } from '../cache/source.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import type { ReadonlyTree } from '../tree/tree.js';

/** A blob behind a network, with what is kept of it. */
export interface RemoteBytes {
  /** name and version: two blobs with one id have the same bytes */
  readonly id: string;
  /** what people call it */
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** bytes that are fetched together */
  readonly chunkSize: number;
  readonly counters: { readonly bytesFetched: number };
  isHere(offset: number, length: number): boolean;
  /** Bytes that are kept, as it stands now. */
  kept?(): Promise<number>;
  /** Settles when what was not here, nor on its way, has come; rejects with RemoteError or the signal's reason. */
  prefetch(range: BlobRange, signal?: AbortSignal): Promise<void>;
  /** Makes the way to it ready, before somebody waits for bytes. */
  approach?(): void;
  /** Settles when what has come is durable. */
  flush(): Promise<void>;
  /** Settles when what is here was checked as a whole, where all is here and nothing else proves it; rejects where it is wrong. */
  settled?(): Promise<void>;
}

/** A device of an image that lies behind a network: a blob, or the part of it from byte `base` on. */
export interface RemoteDevice {
  readonly blob: RemoteBytes;
  readonly base: number;
}

/** An image, shown alone or merged with others. */
export interface RemoteLayer {
  readonly image: ErofsImage;
  readonly tree: ReadonlyTree;
  /** in the order of devices, the image first; undefined: it is local */
  readonly devices: readonly (RemoteDevice | undefined)[];
}

/** One layer, or several as one, of which something lies behind a network. */
export interface RemoteImage {
  readonly tree: ReadonlyTree;
  readonly layers: readonly RemoteLayer[];
  /** those of the layers' devices, and what holds their hash trees */
  readonly blobs: readonly RemoteBytes[];
  /** Runs an operation on a tree or image of them as one that somebody waits for. */
  run<T>(operation: () => T, signal?: AbortSignal): T | Promise<T>;
}
