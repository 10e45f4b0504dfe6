/** An image as a mount has it: with its block cache, what is kept of decoded bytes, and memories that forget. */
import { BlockCache } from '../../src/cache/block-cache.js';
import { ExtentCache } from '../../src/cache/extent-cache.js';
import { countedMemory } from '../../src/cache/lru.js';
import { loadCodecs } from '../../src/erofs-reader/codecs.js';
import { ErofsImage } from '../../src/erofs-reader/image.js';
import { ImageTree } from '../../src/tree/image-tree.js';
import type { Target } from '../target.js';
import { ALL_ALGORITHMS, isReaderError } from './image.js';
import type { ReadImage } from './image-base.js';
import { imageBases } from './image-seeds.js';
import { MeteredSource } from './metered-source.js';
import { type Attempt, readNode } from './read-node.js';

const BLOCK_SIZE = 4 << 10;
/** smaller than a mount's, so that what was forgotten is read again */
const MEMORY = 64 << 10;
const NODES = 3;

const read: ReadImage = (bytes, devices, nodes, edits, rules) => {
  const sources = [bytes, ...devices].map((bytes) => ({ source: new MeteredSource(bytes, rules), base: 0 }));
  const cache = new BlockCache(sources, MEMORY, BLOCK_SIZE);
  const options = { decoded: new ExtentCache(MEMORY), allowTruncated: edits.length % 2 === 0 };
  const image = rules.operation('opening', () => new ErofsImage(cache, options));
  if (image === undefined) return;
  const tree = new ImageTree(image, { report: () => {}, nodes: countedMemory(NODES) });
  const attempt: Attempt = (what, work) => rules.operation(what, work);
  for (const node of nodes) readNode(tree, node, attempt);
};

export const cachedImageTarget: Target = {
  name: 'cached-image',
  share: 2,
  allows: isReaderError,
  async bases(name) {
    await loadCodecs(ALL_ALGORITHMS);
    return imageBases(read, name);
  },
};
