/** An image behind a gate that the test opens, as what is prefetched from. */
import type { Test } from 'tap';
import type { LazyOptions } from '../../src/cache/lazy-options.js';
import { LazySource } from '../../src/cache/lazy-source.js';
import { openSources } from '../../src/open.js';
import type { RemoteImage } from '../../src/prefetch/remote-image.js';
import { GatedBlob } from '../support/gated-blob.js';
import { MemoryChunkStore } from '../support/memory-chunk-store.js';

export const CHUNK = 4096;

export interface GatedRemote {
  readonly blob: GatedBlob;
  readonly store: MemoryChunkStore;
  readonly source: LazySource;
  readonly image: RemoteImage;
}

/** Opened through an open gate, of which nothing but that is asked yet. */
export async function openGated(
  t: Test,
  bytes: Uint8Array,
  options: LazyOptions = {},
  id?: string,
): Promise<GatedRemote> {
  const blob = new GatedBlob(bytes, id);
  blob.open = true;
  const store = new MemoryChunkStore(bytes.length, CHUNK);
  const source = new LazySource(blob, store, {
    connection: { blob },
    readahead: 0,
    mergeGap: 0,
    memory: 1,
    ...options,
  });
  t.teardown(() => source.close());
  const opened = await openSources([source], {});
  blob.asked.length = 0;
  return {
    blob,
    store,
    source,
    image: { ...opened, layers: [{ ...opened, devices: [{ blob: source, base: 0 }] }], blobs: [source] },
  };
}

/** No byte may be asked for from now on. */
export function forbid(t: Test, blob: GatedBlob): void {
  blob.open = false;
  blob.onAsked = ({ offset, length, end }) => {
    t.fail(`${length} bytes from byte ${offset} on were asked for`);
    end(new Error('nothing may be asked for'));
  };
}
