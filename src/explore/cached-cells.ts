/**
 * How much of each cell of a device is kept: of a local file by the kernel in memory, which is where every reader of it finds what was
 * read before, a mount's too; of what lies behind a network in the cache on disk. Neither tells how often.
 */
import { closeSync, openSync } from 'node:fs';
import type { OpenedLayer } from '../open.js';
import type { RemoteDevice } from '../prefetch/remote-image.js';
import { pageCache } from '../system/page-cache.js';
import type { BlockCells } from './block-cells.js';
import type { ShownCached } from './shapes.js';

const UNKNOWN: ShownCached = {
  where: 'unknown: the system does not tell; it takes Linux 6.5 and the optional package koffi',
  cells: null,
};

const NO_FILE: ShownCached = { where: 'unknown: the image is put together of several files', cells: null };

/** A local file, and where in it a device begins. */
export interface DeviceFile {
  readonly path: string;
  readonly base: number;
}

/** `file` is undefined for what lies in none. Throws the system's error where it is gone. */
export function cachedCells(
  layer: OpenedLayer,
  device: number,
  { size, cellSize }: BlockCells,
  file: DeviceFile | undefined,
): ShownCached {
  const cells = Array.from({ length: Math.ceil(size / cellSize) }, (_, cell) => {
    const start = cell * cellSize;
    return { start, length: Math.min(cellSize, size - start) };
  });
  const remote = layer.devices[device];
  if (remote !== undefined) {
    return {
      where: 'in the cache on disk',
      cells: cells.map(({ start, length }) => keptBytes(remote, start, length)),
    };
  }
  const ask = pageCache();
  if (ask === undefined || file === undefined) return file === undefined ? NO_FILE : UNKNOWN;
  const descriptor = openSync(file.path, 'r');
  try {
    const inMemory = cells.map(({ start, length }) => ask(descriptor, file.base + start, length));
    if (inMemory.includes(undefined)) return UNKNOWN;
    return { where: "in the kernel's memory", cells: inMemory as number[] };
  } finally {
    closeSync(descriptor);
  }
}

/** Of the chunks that the cell lies in. */
function keptBytes({ blob, base }: RemoteDevice, start: number, length: number): number {
  const end = Math.min(blob.size, base + start + length);
  let kept = 0;
  for (let at = base + start; at < end; ) {
    const next = Math.min(end, (Math.floor(at / blob.chunkSize) + 1) * blob.chunkSize);
    if (blob.isHere(at, next - at)) kept += next - at;
    at = next;
  }
  return kept;
}
