/** All that `erofs info` tells: the superblock's part, and what one walk over the tree adds up. */
import { isType } from '../erofs-reader/inode.js';
import { LAYOUT_NAMES, S_IFREG } from '../erofs-reader/layout.js';
import type { OpenedLayer } from '../open.js';
import type { Proof } from '../proof/proof-spec.js';
import { type AlgorithmTotal, ExtentTotals } from './extent-totals.js';
import { indexKind } from './index-kind.js';
import { typeName } from './mode-string.js';
import type { Problems } from './problems.js';
import { type SuperblockSummary, summarizeSuperblock } from './superblock-summary.js';
import { startAt, walk } from './walk.js';

/** The JSON form as well. Sizes in bytes. */
export interface ImageSummary extends SuperblockSummary {
  /** inodes of the tree by file type, by data layout, and those with an index by its kind */
  readonly types: Record<string, number>;
  readonly layouts: Record<string, number>;
  readonly indexes: Record<string, number>;
  /** sum of the sizes of regular files, each inode once */
  readonly file_bytes: number;
  readonly hole_bytes: number;
  readonly plain_bytes: number;
  /** bytes that files refer to in the packed inode, whose own data counts in the fields around */
  readonly fragment_bytes: number;
  /** pclusters of files, by algorithm */
  readonly algorithms: Record<string, AlgorithmTotal>;
  /** pclusters of the metabox, by algorithm */
  readonly metabox_algorithms: Record<string, AlgorithmTotal>;
  /** how the image and its devices are checked */
  readonly proofs: readonly Proof[];
  /** what the blocks of the image and its devices occupy */
  readonly stored_bytes: number;
  /** stored_bytes / file_bytes; null for an image without file data */
  readonly ratio: number | null;
}

/** Files that cannot be looked at go to `problems` and are left out of the sums. */
export async function summarize(opened: OpenedLayer, problems: Problems): Promise<ImageSummary> {
  const { image } = opened;
  const superblock = await summarizeSuperblock(opened, problems);
  const types: Record<string, number> = {};
  const layouts: Record<string, number> = {};
  const indexes: Record<string, number> = {};
  const totals = new ExtentTotals();
  const metabox = new ExtentTotals();
  const counted = new Set<number>();
  let fileBytes = 0;

  await walk(opened, await startAt(opened, opened.tree.root), {
    entry: async ({ node, path }) => {
      if (counted.has(node)) return false;
      counted.add(node);
      try {
        const inode = await opened.run(() => image.inode(node));
        increment(types, typeName(inode.mode));
        increment(layouts, LAYOUT_NAMES[inode.layout]);
        const kind = await opened.run(() => indexKind(image, inode));
        if (kind !== undefined) increment(indexes, kind);
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

  const { packedNid, metaboxNid } = image.geometry;
  if (packedNid !== undefined) await totals.add(opened, await opened.run(() => image.inode(packedNid)));
  if (metaboxNid !== undefined) await metabox.add(opened, await opened.run(() => image.inode(metaboxNid)));

  const storedBytes = superblock.blocks * superblock.block_size;
  return {
    ...superblock,
    types,
    layouts,
    indexes,
    file_bytes: fileBytes,
    hole_bytes: totals.holeBytes,
    plain_bytes: totals.plainBytes,
    fragment_bytes: totals.fragmentBytes,
    algorithms: totals.algorithms,
    metabox_algorithms: metabox.algorithms,
    proofs: opened.proofs,
    stored_bytes: storedBytes,
    ratio: fileBytes === 0 ? null : storedBytes / fileBytes,
  };
}

function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
