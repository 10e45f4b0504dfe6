/**
 * An image whose bytes come when they are asked for, as behind a network: each operation begins with none, throws a Miss, gets
 * what that lists, and runs again.
 *
 * LAW: a Miss lists something that is not here; and once all of that is here, the operation gets further or ends.
 */
import { type ByteRange, type ByteView, isMiss, type Miss } from '../../src/erofs-reader/bytes.js';
import { loadCodecs } from '../../src/erofs-reader/codecs.js';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { ErofsImage } from '../../src/erofs-reader/image.js';
import { ImageTree } from '../../src/tree/image-tree.js';
import { BrokenRule, type Rules } from '../rules.js';
import type { Target } from '../target.js';
import { ALL_ALGORITHMS, isReaderError } from './image.js';
import type { ReadImage } from './image-base.js';
import { checkRange } from './image-bytes.js';
import { imageBases } from './image-seeds.js';
import { readNode } from './read-node.js';

const PAGE = 16 << 10;
/** As the driver of a mount has it: what takes more ends in an error there, too. */
const MOST_ROUNDS = 64;
/** Of the time that one operation may take: each round walks again to where the last one ended. */
const TIMES = 8;

class ComingBytes implements ByteView {
  readonly sizes: readonly number[];
  readonly #devices: readonly Uint8Array[];
  readonly #rules: Rules;
  /** what is here for the running operation: page numbers by device */
  readonly #here: readonly Set<number>[];

  constructor(devices: readonly Uint8Array[], rules: Rules) {
    this.sizes = devices.map(({ length }) => length);
    this.#devices = devices;
    this.#rules = rules;
    this.#here = devices.map(() => new Set());
  }

  view(device: number, offset: number, length: number): DataView {
    this.want([{ device, offset, length }]);
    const bytes = this.#devices[device]!;
    return new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  }

  copy(dst: Uint8Array, device: number, offset: number): void {
    this.want([{ device, offset, length: dst.length }]);
    dst.set(this.#devices[device]!.subarray(offset, offset + dst.length));
  }

  want(ranges: readonly ByteRange[]): void {
    const missing = ranges.filter((range) => {
      checkRange(this.sizes, range.device, range.offset, range.length);
      return !this.#isHere(range);
    });
    if (missing.length === 0) return;
    const miss: Miss = { miss: true, ranges: missing.map((range) => ({ ...range, view: this })) };
    throw miss;
  }

  /** Throws BrokenRule where all of it was here. */
  fill({ ranges }: Miss): void {
    let added = 0;
    for (const { device, offset, length } of ranges) {
      const here = this.#here[device]!;
      const before = here.size;
      for (let page = Math.floor(offset / PAGE); page * PAGE < offset + length; page++) here.add(page);
      added += here.size - before;
    }
    this.#rules.read += added * PAGE;
    if (added === 0)
      throw new BrokenRule('endless', `a Miss lists what is here: ${JSON.stringify(ranges.map(shown))}`);
  }

  forget(): void {
    for (const pages of this.#here) pages.clear();
  }

  #isHere({ device, offset, length }: ByteRange): boolean {
    const here = this.#here[device]!;
    for (let page = Math.floor(offset / PAGE); page * PAGE < offset + length; page++) {
      if (!here.has(page)) return false;
    }
    return true;
  }
}

const shown = ({ device, offset, length }: ByteRange) => ({ device, offset, length });

function untilHere<T>(bytes: ComingBytes, work: () => T): T {
  bytes.forget();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    try {
      return work();
    } catch (thrown) {
      if (!isMiss(thrown)) throw thrown;
      bytes.fill(thrown);
    }
  }
  throw new ErofsError('unsupported', `bytes were still missing after ${MOST_ROUNDS} rounds`);
}

const read: ReadImage = (bytes, devices, nodes, edits, rules) => {
  const coming = new ComingBytes([bytes, ...devices], rules);
  const attempt = <T>(what: string, work: () => T): T | undefined =>
    rules.operation(what, () => untilHere(coming, work), TIMES);
  const image = attempt('opening', () => new ErofsImage(coming, { allowTruncated: edits.length % 2 === 0 }));
  if (image === undefined) return;
  const tree = new ImageTree(image, { report: () => {}, nodes: new Map() });
  for (const node of nodes) readNode(tree, node, attempt);
};

export const missingBytesTarget: Target = {
  name: 'missing-bytes',
  share: 4,
  allows: isReaderError,
  async bases(name) {
    await loadCodecs(ALL_ALGORITHMS);
    return imageBases(read, name);
  },
};
