/** All that `erofs info` tells, gathered in one walk over the tree. */
import type { DeviceSlot } from '../erofs-reader/devices.js';
import { compatFeatureNames, incompatFeatureNames } from '../erofs-reader/features.js';
import { isType } from '../erofs-reader/inode.js';
import { LAYOUT_NAMES, S_IFREG } from '../erofs-reader/layout.js';
import type { OpenedImage } from '../open.js';
import { type AlgorithmTotal, ExtentTotals } from './extent-totals.js';
import { typeName } from './mode-string.js';
import type { Problems } from './problems.js';
import { startAt, walk } from './walk.js';

/** The JSON form as well. Sizes in bytes, times in seconds since 1970. */
export interface ImageSummary {
  readonly block_size: number;
  /** of the image and all its devices */
  readonly blocks: number;
  readonly uuid: string;
  readonly volume_name: string;
  readonly build_time: number;
  readonly root_nid: number;
  readonly inodes: number;
  readonly features: { readonly compatible: string[]; readonly incompatible: string[] };
  readonly devices: readonly DeviceSlot[];
  /** inodes of the tree by file type, and by data layout */
  readonly types: Record<string, number>;
  readonly layouts: Record<string, number>;
  /** sum of the sizes of regular files, each inode once */
  readonly file_bytes: number;
  readonly hole_bytes: number;
  readonly plain_bytes: number;
  /** bytes that files refer to in the packed inode, whose own data counts in the fields around */
  readonly fragment_bytes: number;
  readonly algorithms: Record<string, AlgorithmTotal>;
  /** what the blocks of the image and its devices occupy */
  readonly stored_bytes: number;
  /** stored_bytes / file_bytes; null for an image without file data */
  readonly ratio: number | null;
}

/** Files that cannot be looked at go to `problems` and are left out of the sums. */
export async function summarize(opened: OpenedImage, problems: Problems): Promise<ImageSummary> {
  const { geometry } = opened.image;
  const types: Record<string, number> = {};
  const layouts: Record<string, number> = {};
  const totals = new ExtentTotals();
  const counted = new Set<number>();
  let fileBytes = 0;

  await walk(opened, await startAt(opened, opened.tree.root), {
    entry: async ({ node, path }) => {
      if (counted.has(node)) return false;
      counted.add(node);
      try {
        const inode = await opened.run(() => opened.image.inode(node));
        increment(types, typeName(inode.mode));
        increment(layouts, LAYOUT_NAMES[inode.layout]);
        if (isType(inode, S_IFREG)) {
          fileBytes += inode.size;
          await totals.add(opened, inode);
        }
      } catch (error) {
        problems.at(path, error);
      }
      return true;
    },
    problem: (path, error) => problems.at(path, error),
  });

  const { packedNid } = geometry;
  if (packedNid !== undefined)
    await totals.add(opened, await opened.run(() => opened.image.inode(packedNid)));

  const storedBytes = geometry.totalBlocks * geometry.blockSize;
  return {
    block_size: geometry.blockSize,
    blocks: geometry.totalBlocks,
    uuid: uuidString(geometry.uuid),
    volume_name: new TextDecoder().decode(geometry.volumeName),
    build_time: geometry.buildTime,
    root_nid: geometry.rootNid,
    inodes: geometry.inodes,
    features: {
      compatible: compatFeatureNames(geometry.featureCompat),
      incompatible: incompatFeatureNames(geometry.featureIncompat),
    },
    devices: geometry.devices,
    types,
    layouts,
    file_bytes: fileBytes,
    hole_bytes: totals.holeBytes,
    plain_bytes: totals.plainBytes,
    fragment_bytes: totals.fragmentBytes,
    algorithms: totals.algorithms,
    stored_bytes: storedBytes,
    ratio: fileBytes === 0 ? null : storedBytes / fileBytes,
  };
}

function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** 8-4-4-4-12, the bytes as they stand. */
function uuidString(uuid: Uint8Array): string {
  const hex = Buffer.from(uuid).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
