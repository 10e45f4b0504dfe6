/** An image as its reader and its tree see it. */
import { loadCodecs } from '../../src/erofs-reader/codecs.js';
import { readCompressionRecords } from '../../src/erofs-reader/compression-records.js';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { ErofsImage } from '../../src/erofs-reader/image.js';
import type { DecodedExtents } from '../../src/erofs-reader/pcluster.js';
import { ImageTree } from '../../src/tree/image-tree.js';
import { TreeError } from '../../src/tree/tree.js';
import type { Target } from '../target.js';
import type { ReadImage } from './image-base.js';
import { ImageBytes } from './image-bytes.js';
import { imageBases } from './image-seeds.js';
import { type Attempt, readNode } from './read-node.js';

/** Bit a set: algorithm a. */
export const ALL_ALGORITHMS = 15;

export const isReaderError = (error: unknown): boolean =>
  error instanceof ErofsError || error instanceof TreeError;

/** What was decoded in one execution. */
class Decoded implements DecodedExtents {
  readonly #extents = new Map<string, Uint8Array>();

  get(device: number, offset: number, length: number): Uint8Array | undefined {
    const decoded = this.#extents.get(`${device} ${offset}`);
    return decoded !== undefined && decoded.length >= length ? decoded : undefined;
  }

  put(device: number, offset: number, decoded: Uint8Array): void {
    this.#extents.set(`${device} ${offset}`, decoded);
  }
}

const read: ReadImage = (image, devices, nodes, edits, rules) => {
  const bytes = new ImageBytes([image, ...devices], rules);
  const options = { decoded: new Decoded(), allowTruncated: edits.length % 2 === 0 };
  const opened = rules.operation('opening', () => new ErofsImage(bytes, options));
  if (opened === undefined) return;
  rules.operation('compression records', () => readCompressionRecords(bytes, opened.geometry));
  const tree = new ImageTree(opened, { report: () => {}, nodes: new Map() });
  const attempt: Attempt = (what, work) => rules.operation(what, work);
  for (const node of nodes) readNode(tree, node, attempt);
  rules.operation('statfs', () => tree.statfs());
};

export const imageTarget: Target = {
  name: 'image',
  share: 20,
  allows: isReaderError,
  async bases(name) {
    await loadCodecs(ALL_ALGORITHMS);
    return imageBases(read, name);
  },
};
