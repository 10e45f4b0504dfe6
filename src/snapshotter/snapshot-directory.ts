/**
 * A snapshot of containerd's EROFS snapshotter as it lies on disk, ROOT/snapshots/ID:
 *
 *     layer.erofs           the layer's image; layer.erofs.dmverity beside it says how it is verified
 *     fsmeta.erofs          the metadata of this layer and all below it, merged; its devices are their layer.erofs, the lowest first.
 *                           Empty while it is being made
 *     fs/, rwlayer.img      what is written to: no image
 *
 * LAW of this room: it reads and never writes, asks no daemon, and gives paths. What lies below a layer is in the daemon's database
 * alone; only merged metadata tell it on disk.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { devicesOf, LAYER } from './merged-devices.js';
import { SnapshotError } from './snapshot-error.js';

export interface SnapshotImage {
  readonly image: string;
  /** in device table order */
  readonly devices: readonly string[];
}

const MERGED = 'fsmeta.erofs';

/**
 * `withLower`: with all layers below it, where their merged metadata are there. Rejects with SnapshotError; with ErofsError for merged
 * metadata that are damaged.
 */
export async function readSnapshot(directory: string, withLower: boolean): Promise<SnapshotImage> {
  const merged = join(directory, MERGED);
  if (withLower && sizeOf(merged) > 0) return { image: merged, devices: await devicesOf(merged, directory) };
  const image = join(directory, LAYER);
  if (existsSync(image)) return { image, devices: [] };
  if (existsSync(join(directory, 'rwlayer.img'))) {
    throw new SnapshotError(
      'no-layer',
      `${directory} is a snapshot that is written to (rwlayer.img is ext4, not EROFS); name the snapshots below it`,
    );
  }
  if (existsSync(join(directory, 'fs'))) {
    throw new SnapshotError(
      'no-layer',
      `${directory} is a snapshot whose layer is a directory of files (fs), not an EROFS image; it is for overlayfs to mount`,
    );
  }
  throw new SnapshotError(
    'not-a-snapshot',
    `${directory} is a directory; expected an image, or a snapshot of containerd's EROFS snapshotter, which has a ${LAYER}`,
  );
}

/** 0 where there is none. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
