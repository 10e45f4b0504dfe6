/** A registry in memory: blobs by digest, what was asked of them, and answers with a wrong byte until somebody is blamed. */
import type { BlobRange } from '../../src/cache/source.js';
import type { LayerBlob } from '../../src/layers/layer-blob.js';
import type { LayerRoom } from '../../src/layers/layer-room.js';
import {
  type Arrival,
  type FetchOptions,
  type RemoteBlob,
  RemoteError,
} from '../../src/remote/remote-blob.js';
import { digestOf } from '../support/zstd-layer.js';

export interface Request extends BlobRange {
  readonly digest: string;
}

export class LyingRegistry {
  readonly requests: Request[] = [];
  /** by digest: the byte that is wrong */
  readonly lies = new Map<string, number>();
  /** blame does not help: every server has the same */
  isHopeless = false;
  isGone = false;
  /** not closed */
  open = 0;
  readonly #blobs = new Map<string, Uint8Array>();

  /** Returns its digest. */
  add(bytes: Uint8Array): string {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return digest;
  }

  bytesOf(digest: string): Uint8Array {
    return this.#blobs.get(digest)!;
  }

  /** Bytes that were asked for of a blob. */
  asked(digest: string): number {
    return this.requests.filter((one) => one.digest === digest).reduce((sum, { length }) => sum + length, 0);
  }

  readonly remoteOf: LayerRoom['remoteOf'] = ({ digest, name }: LayerBlob): RemoteBlob => {
    this.open++;
    return {
      ...{ id: digest, name, version: '', size: this.bytesOf(digest).length },
      fetch: (range, arrived, options) => this.#fetch(digest, range, arrived, options),
      blame: () => {
        if (!this.isHopeless) this.lies.delete(digest);
      },
      close: async () => {
        this.open--;
      },
    };
  };

  async #fetch(
    digest: string,
    { offset, length }: BlobRange,
    arrived: Arrival,
    options?: FetchOptions,
  ): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    options?.signal?.throwIfAborted();
    if (this.isGone) throw new RemoteError('unreachable', 'the registry is gone');
    this.requests.push({ digest, offset, length });
    const answer = Uint8Array.from(this.bytesOf(digest).subarray(offset, offset + length));
    const lie = this.lies.get(digest);
    if (lie !== undefined && offset <= lie && lie < offset + length) answer[lie - offset]! ^= 1;
    arrived(offset, answer);
  }
}
