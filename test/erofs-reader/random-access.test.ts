/**
 * Random access equals sequential access: 1,000 random ranges of every file of every fixture are the same bytes as
 * the slices of the file read in one piece. The ranges are read with the caches of a mount, so that each finds what
 * the ones before it left there; the piece with the last pcluster alone. A file with fewer ranges than that has each of them read.
 */
import t from 'tap';
import { ErofsImage } from '../../src/erofs-reader/image.js';
import type { DecodedExtents } from '../../src/erofs-reader/pcluster.js';
import { readData } from '../../src/erofs-reader/read.js';
import type { ReadonlyTree } from '../../src/tree/tree.js';
import { someFixtures } from '../support/fixture.js';
import { filesOf, openFixture } from '../support/opened.js';
import { Random } from '../support/random.js';

const READS = 1000;
/** bytes; one read in 50 is that long, because the others find what matters: borders, caches, parts of pclusters */
const LONG = 140_000;
const SHORT = 300;
const UNREAD = 0xa5;

for (const fixture of someFixtures(3)) {
  t.test(fixture.name, async (t) => {
    const opened = await openFixture(fixture);
    t.teardown(() => opened.close());
    const forgetful = new ErofsImage(opened.image.bytes, { decoded: new LastExtent() });
    for (const { node, size, path } of await filesOf(opened)) {
      const whole = Buffer.alloc(size);
      t.equal(readData(forgetful, forgetful.data(forgetful.inode(node)), 0, whole), size, path);
      t.equal(readAtRandom(new File(opened.tree, node, whole)), undefined, path);
    }
  });
}

/** Keeps one pcluster: an LZMA one of a megabyte with the ends of 1,500 files in it must not be decoded for each. */
class LastExtent implements DecodedExtents {
  #place = '';
  #decoded: Uint8Array = new Uint8Array(0);

  get(device: number, offset: number, length: number): Uint8Array | undefined {
    return this.#place === `${device}:${offset}` && this.#decoded.length >= length
      ? this.#decoded
      : undefined;
  }

  put(device: number, offset: number, decoded: Uint8Array): void {
    this.#place = `${device}:${offset}`;
    this.#decoded = decoded;
  }
}

/** One file of a tree, beside all its bytes as they are. */
class File {
  readonly whole: Buffer;
  readonly #tree: ReadonlyTree;
  readonly #node: number;

  constructor(tree: ReadonlyTree, node: number, whole: Buffer) {
    this.#tree = tree;
    this.#node = node;
    this.whole = whole;
  }

  /** Bytes `offset` .. offset + length, which may lie beyond the end. Returns what is wrong, or undefined. */
  check(offset: number, length: number): string | undefined {
    const dst = destination.subarray(0, length).fill(UNREAD);
    const filled = this.#tree.read(this.#node, offset, dst);
    const expected = Math.max(0, Math.min(length, this.whole.length - offset));
    if (filled !== expected) return `${length} bytes from ${offset} on: ${filled} filled, not ${expected}`;
    if (this.whole.compare(destination, 0, filled, offset, offset + filled) === 0) return undefined;
    return `${length} bytes from ${offset} on: other bytes than in one piece`;
  }
}

const destination = new Uint8Array(LONG);

function readAtRandom(file: File): string | undefined {
  const size = file.whole.length;
  if ((size * (size + 1)) / 2 <= READS) return readEvery(file, size);
  const random = new Random(size);
  for (let i = 0; i < READS; i++) {
    const length = 1 + random.below(random.below(50) === 0 ? LONG : SHORT);
    const wrong = file.check(random.below(size + 1), length);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** Every range inside the file, and one that begins at its end. */
function readEvery(file: File, size: number): string | undefined {
  for (let offset = 0; offset <= size; offset++) {
    for (let length = 1; length <= Math.max(1, size - offset); length++) {
      const wrong = file.check(offset, length);
      if (wrong !== undefined) return wrong;
    }
  }
  return undefined;
}
