/**
 * How fast the reader alone is over one image: `node dist/bench/micro/reader.js IMAGE`.
 *
 * Sequential reads of every regular file and random 4 KiB reads of the largest one, rounds interleaved; prints the
 * median with minimum and maximum. Absolute figures hold for this machine only: compare within one run.
 */
import { openImage } from '../../src/open.js';
import type { NodeId, ReadonlyTree } from '../../src/tree/tree.js';

const ROUNDS = 5;
const PIECES = [128 << 10, 1 << 20];
const RANDOM_READS = 2000;
const RANDOM_SIZE = 4096;

interface File {
  readonly node: NodeId;
  readonly size: number;
}

function filesOf(tree: ReadonlyTree): File[] {
  const files: File[] = [];
  const pending = [tree.root];
  const met = new Set(pending);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const { mode, size } = tree.getattr(node);
    if ((mode & 0o170000) === 0o100000) files.push({ node, size });
    if ((mode & 0o170000) !== 0o040000) continue;
    tree.readdir(node, 0, ({ node: child }) => {
      if (!met.has(child)) pending.push(child);
      met.add(child);
      return true;
    });
  }
  return files;
}

/** MB/s of reading all files from start to end in pieces of `piece` bytes. */
function sequential(tree: ReadonlyTree, files: readonly File[], piece: number): number {
  const dst = new Uint8Array(piece);
  let bytes = 0;
  const start = performance.now();
  for (const { node, size } of files) {
    for (let offset = 0; offset < size; offset += piece) bytes += tree.read(node, offset, dst);
  }
  return bytes / 1000 / (performance.now() - start);
}

/** Reads a second at the same pseudo-random offsets each round. */
function random(tree: ReadonlyTree, { node, size }: File): number {
  const dst = new Uint8Array(RANDOM_SIZE);
  let state = 1;
  const start = performance.now();
  for (let i = 0; i < RANDOM_READS; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    tree.read(node, Math.floor((state / 0x80000000) * (size / RANDOM_SIZE)) * RANDOM_SIZE, dst);
  }
  return (RANDOM_READS / (performance.now() - start)) * 1000;
}

const image = process.argv[2];
if (image === undefined) {
  console.error('usage: node dist/bench/micro/reader.js IMAGE');
  process.exit(2);
}
const { tree, close } = await openImage({ image });
const files = filesOf(tree);
const largest = files.reduce((a, b) => (b.size > a.size ? b : a));
const samples = new Map<string, number[]>();
const note = (name: string, value: number) => samples.set(name, [...(samples.get(name) ?? []), value]);
for (let round = 0; round < ROUNDS; round++) {
  for (const piece of PIECES) note(`sequential ${piece >> 10} KiB, MB/s`, sequential(tree, files, piece));
  note('random 4 KiB, reads/s', random(tree, largest));
}
for (const [name, values] of samples) {
  const sorted = values.toSorted((a, b) => a - b).map((value) => Math.round(value));
  console.log(`${name}: median ${sorted[ROUNDS >> 1]}, ${sorted[0]} to ${sorted.at(-1)}`);
}
close();
