/**
 * Which layers merged metadata speak of. mkfs.erofs writes the UUID of each image that it merges into the device table, as 32
 * hexadecimal digits, and containerd makes a layer's UUID from the layer's digest: the layer is found by it among the snapshots.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BlockCache } from '../cache/block-cache.js';
import { drive } from '../cache/driver.js';
import { openFileSource } from '../cache/file-source.js';
import type { DeviceSlot } from '../erofs-reader/devices.js';
import { ErofsError } from '../erofs-reader/errors.js';
import { type Geometry, readSuperblock } from '../erofs-reader/superblock.js';
import { SnapshotError } from './snapshot-error.js';

/** The image of a snapshot's own layer. */
export const LAYER = 'layer.erofs';

interface Layer {
  readonly path: string;
  readonly size: number;
  readonly geometry: Geometry;
}

/** Of the merged metadata in `directory`, in device table order. Rejects with SnapshotError 'missing-layer', ErofsError. */
export async function devicesOf(merged: string, directory: string): Promise<string[]> {
  const { geometry } = await openLayer(merged);
  const layers = await layersBeside(directory);
  return geometry.devices.map((slot, i) => layerOf(slot, i, layers, merged).path);
}

/** The snapshot's own layer first. Images that cannot be read are left out: nobody asked for them. */
async function layersBeside(directory: string): Promise<Layer[]> {
  const parent = dirname(directory);
  const own = basename(directory);
  const names = readdirSync(parent).sort((a, b) => Number(b === own) - Number(a === own));
  const layers: Layer[] = [];
  for (const path of names.map((name) => join(parent, name, LAYER)).filter((path) => existsSync(path))) {
    try {
      layers.push(await openLayer(path));
    } catch (error) {
      if (!(error instanceof ErofsError)) throw error;
    }
  }
  return layers;
}

function layerOf(slot: DeviceSlot, i: number, layers: readonly Layer[], merged: string): Layer {
  const found = layers.filter(
    ({ geometry }) => hexOf(geometry.uuid) === slot.tag && geometry.blocks === slot.blocks,
  );
  const [first, ...others] = found;
  const device = `device ${i + 1} (tag ${slot.tag === '' ? 'empty' : slot.tag}, ${slot.blocks} blocks)`;
  if (first === undefined) {
    throw new SnapshotError(
      'missing-layer',
      `${merged}: no snapshot beside it has the layer that is ${device}; name the layers with --device, the lowest first`,
    );
  }
  const other = others.find((layer) => !isSame(layer, first));
  if (other === undefined) return first;
  throw new SnapshotError(
    'missing-layer',
    `${merged}: ${device} may be ${first.path} or ${other.path}; name the layers with --device, the lowest first`,
  );
}

/** One layer may lie in several snapshots. Two that differ and have one UUID were made with a fixed one. */
function isSame(one: Layer, other: Layer): boolean {
  const { checksum, inodes, buildTime } = one.geometry;
  const theirs = other.geometry;
  return (
    one.size === other.size &&
    checksum === theirs.checksum &&
    inodes === theirs.inodes &&
    buildTime === theirs.buildTime
  );
}

const SUPERBLOCK_AREA = 64 << 10;

async function openLayer(path: string): Promise<Layer> {
  const source = openFileSource(path);
  const bytes = new BlockCache([{ source, base: 0 }], SUPERBLOCK_AREA, SUPERBLOCK_AREA);
  try {
    return { path, size: source.size, geometry: await drive(() => readSuperblock(bytes), bytes) };
  } finally {
    bytes.close();
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
