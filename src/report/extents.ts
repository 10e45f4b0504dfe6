/** The extents of an inode, in order, without holding all of them. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Extent } from '../erofs-reader/extent.js';
import { type Inode, isType } from '../erofs-reader/inode.js';
import { S_IFDIR, S_IFLNK, S_IFREG } from '../erofs-reader/layout.js';
import { planRead } from '../erofs-reader/plan.js';
import type { OpenedLayer } from '../open.js';

/** Extents that are mapped in one operation. */
const BATCH_SIZE = 256;

/** Whether it has extents; what stands in the address of any other type is none. */
export function hasData(inode: Inode): boolean {
  return isType(inode, S_IFREG) || isType(inode, S_IFLNK) || isType(inode, S_IFDIR);
}

/** What a file's own index says; a fragment is an extent of the packed inode. Throws as mapping does. */
export async function* extentsOf(layer: OpenedLayer, inode: Inode): AsyncGenerator<readonly Extent[]> {
  const { size } = inode;
  if (size === 0) return;
  const { mapper } = await layer.run(() => layer.image.data(inode));
  for (let position = 0; position < size; ) {
    const start = position;
    const batch: Extent[] = await layer.run(() => {
      const extents: Extent[] = [];
      for (let at = start; at < size && extents.length < BATCH_SIZE; ) {
        const extent = mapper.map(at, size);
        extents.push(extent);
        at = extent.start + extent.length;
      }
      return extents;
    });
    yield batch;
    // a long index lets in whoever else waits
    if (batch.length === BATCH_SIZE) await turn();
    const last = batch.at(-1)!;
    position = last.start + last.length;
  }
}

/** A place in an image or a device of it, and what lies there. */
export type StoredExtent = Exclude<Extent, { readonly kind: 'fragment' }>;

/** As extentsOf, a fragment being replaced by the extents of the packed inode that hold it. */
export async function* storedExtentsOf(
  layer: OpenedLayer,
  inode: Inode,
): AsyncGenerator<readonly StoredExtent[]> {
  const { image } = layer;
  for await (const extents of extentsOf(layer, inode)) {
    const stored: StoredExtent[] = [];
    for (const extent of extents) {
      if (extent.kind !== 'fragment') {
        stored.push(extent);
        continue;
      }
      const { start, length } = extent;
      const data = await layer.run(() => image.data(inode));
      for (const segment of await layer.run(() => planRead(image, data, start, length))) {
        stored.push(segment.extent);
      }
    }
    yield stored;
  }
}
