/** Layers opened over a registry in memory, with a cache of their own. */
import type { Test } from 'tap';
import type { BlobRange } from '../../src/cache/source.js';
import type { BlobEncoding, LayerBlob } from '../../src/layers/layer-blob.js';
import type { LayerRoom } from '../../src/layers/layer-room.js';
import { openLayerBlob } from '../../src/layers/layer-source.js';
import type { Scratch } from '../support/scratch.js';
import { LyingRegistry } from './lying-registry.js';

export const CHUNK = 64 << 10;

export class Opening {
  readonly registry = new LyingRegistry();
  readonly cacheDirectory: string;
  readonly reports: Error[] = [];
  readonly #blobs: Record<string, LayerBlob> = {};
  readonly #t: Test;

  constructor(t: Test, scratch: Scratch) {
    this.#t = t;
    this.cacheDirectory = `${scratch.folder()}/cache`;
  }

  /** A blob of the registry, with what is known of it. */
  describe(bytes: Uint8Array, encoding: BlobEncoding, more: Partial<LayerBlob> = {}): LayerBlob {
    const digest = this.registry.add(bytes);
    const blob: LayerBlob = {
      ...{ digest, size: bytes.length, encoding, name: `registry/image@${digest.slice(0, 15)}` },
      ...{ mediaType: 'application/vnd.erofs', place: { kind: 'registry', registry: 'r', repository: 'i' } },
      ...more,
    };
    this.#blobs[digest] = blob;
    return blob;
  }

  room(more: Partial<LayerRoom> = {}): LayerRoom {
    return {
      ...{ blobs: this.#blobs, cacheDirectory: this.cacheDirectory, cacheSize: 2 ** 30, chunkSize: CHUNK },
      ...{ offline: false, requireLazy: false, verified: false, remoteOf: this.registry.remoteOf },
      lazy: { readahead: 0, mergeGap: 0 },
      report: (problem) => this.reports.push(problem),
      ...more,
    };
  }

  async open(blob: LayerBlob, more: Partial<LayerRoom> = {}) {
    const layer = await openLayerBlob(blob, this.room(more));
    let isOpen = true;
    const close = () => {
      if (isOpen) layer.source.close();
      isOpen = false;
    };
    this.#t.teardown(close);
    const read = async (range: BlobRange = { offset: 0, length: layer.source.size }) =>
      Buffer.from((await layer.source.read([range]))[0]!);
    return { ...layer, read, close };
  }

  get messages(): string {
    return this.reports.map(({ message }) => message).join('\n');
  }
}
