/**
 * What keeping costs: `node dist/bench/micro/chunk-store.js [DIRECTORY]`.
 *
 * put() with a wait for durability at the end against pwrite and one fdatasync; readSync() of whole chunks, of 1 MiB and of
 * 4 KiB at random against pread of the same; has(). Rounds interleaved, ratios taken within a round. 128 MiB of random
 * bytes from the page cache. Absolute figures hold for this machine only.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChunkStore } from '../../src/cache/chunk-store.js';

const SIZE = 128 * 2 ** 20;
const ROUNDS = 9;
const RANDOM_READS = 20_000;

const bytes = randomFillSync(new Uint8Array(SIZE));

/** MB/s of the parts of one round. */
type Speeds = Record<string, number>;

function timed(work: () => void, size = SIZE): number {
  const start = performance.now();
  work();
  return size / 1000 / (performance.now() - start);
}

function eachPiece(pieceSize: number, work: (offset: number) => void): void {
  for (let offset = 0; offset + pieceSize <= SIZE; offset += pieceSize) work(offset);
}

function eachRandom(pieceSize: number, work: (offset: number) => void): void {
  let state = 1;
  for (let i = 0; i < RANDOM_READS; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    work(Math.floor((state / 0x80000000) * (SIZE / pieceSize)) * pieceSize);
  }
}

async function round(folder: string, number: number, chunkSize: number): Promise<Speeds> {
  const speeds: Speeds = {};
  const plain = openSync(join(folder, `plain-${number}`), 'wx+');
  const blob = { id: `${number} ${chunkSize}`, name: 'bench', size: SIZE };
  const store = openChunkStore(folder, blob, { chunkSize, budget: 2 ** 40 });
  speeds.pwrite = timed(() => {
    eachPiece(chunkSize, (offset) => writeSync(plain, bytes, offset, chunkSize, offset));
    fdatasyncSync(plain);
  });
  const start = performance.now();
  for (let offset = 0; offset < SIZE; offset += 2 ** 20) {
    for (let at = offset; at < offset + 2 ** 20; at += chunkSize) {
      store.put(at / chunkSize, bytes.subarray(at, at + chunkSize));
    }
    // as it is between two arrivals
    await new Promise(setImmediate);
  }
  await store.flush();
  speeds.put = SIZE / 1000 / (performance.now() - start);

  for (const [name, pieceSize] of [
    ['chunks', chunkSize],
    ['1 MiB', 2 ** 20],
  ] as const) {
    const dst = new Uint8Array(pieceSize);
    speeds[`pread ${name}`] = timed(() =>
      eachPiece(pieceSize, (at) => readSync(plain, dst, 0, pieceSize, at)),
    );
    speeds[`readSync ${name}`] = timed(() => eachPiece(pieceSize, (at) => expect(store.readSync(dst, at))));
  }
  const small = new Uint8Array(4096);
  const smallSize = RANDOM_READS * small.length;
  speeds['pread random 4 KiB'] = timed(
    () => eachRandom(4096, (at) => readSync(plain, small, 0, 4096, at)),
    smallSize,
  );
  speeds['readSync random 4 KiB'] = timed(
    () => eachRandom(4096, (at) => expect(store.readSync(small, at))),
    smallSize,
  );
  speeds['has per µs'] = timed(() => eachRandom(4096, (at) => expect(store.has(at, 4096))), RANDOM_READS);
  store.close();
  closeSync(plain);
  return speeds;
}

function expect(isHere: boolean): void {
  if (!isHere) throw new Error('a chunk that was put is not here');
}

function report(name: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b).map((value) => value.toFixed(2));
  console.log(`${name}: median ${sorted[ROUNDS >> 1]}, ${sorted[0]} to ${sorted.at(-1)}`);
}

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'chunks-'));
try {
  for (const chunkSize of [4096, 65_536, 2 ** 20]) {
    console.log(`chunks of ${chunkSize}`);
    const rounds: Speeds[] = [];
    for (let number = 0; number < ROUNDS; number++) {
      rounds.push(await round(folder, number, chunkSize));
      rmSync(join(folder, `plain-${number}`));
      rmSync(join(folder, 'blobs'), { recursive: true });
    }
    report(
      'has, per µs',
      rounds.map((speed) => speed['has per µs']!),
    );
    for (const [plain, kept] of [
      ['pwrite', 'put'],
      ['pread chunks', 'readSync chunks'],
      ['pread 1 MiB', 'readSync 1 MiB'],
      ['pread random 4 KiB', 'readSync random 4 KiB'],
    ] as const) {
      const speeds = rounds.map((speed) => speed[kept]!);
      report(`${kept}, MB/s`, speeds);
      report(
        `${kept}, of ${plain}`,
        rounds.map((speed) => speed[kept]! / speed[plain]!),
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
