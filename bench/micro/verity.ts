/**
 * What verification costs: `node dist/bench/micro/verity.js [IMAGE]`.
 *
 * Sequential verified reads, alone and by two workers, as a share of what one core of node:crypto hashes (createHash, salt and block), and random
 * 4 KiB verified reads against unverified ones plus one hash; rounds interleaved, ratios taken within a round. Without
 * IMAGE over 64 MiB of random bytes in a temporary file. Absolute figures hold for this machine only.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { openFileSource } from '../../src/cache/file-source.js';
import type { Source } from '../../src/cache/source.js';
import { buildTree, type Part, PIECE, readPieces, salt, type Tree, verifiedBy } from './verity-parts.js';

const ROUNDS = 15;
const WORKERS = 2;
const RANDOM_READS = 2000;
const RANDOM_SIZE = 4096;

function sequential(source: Source, size: number): number {
  const start = performance.now();
  readPieces(source, 0, size);
  return performance.now() - start;
}

/** Workers that each read a part of the data when told. */
class Team {
  readonly #workers: Worker[];

  constructor(path: string, tree: Tree, size: number, count: number) {
    const part = Math.ceil(size / count / PIECE) * PIECE;
    this.#workers = Array.from({ length: count }, (_, i) => {
      const workerData: Part = { path, tree, start: i * part, end: Math.min(size, (i + 1) * part) };
      return new Worker(new URL('./verity-worker.js', import.meta.url), { workerData });
    });
  }

  async #answers(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => once(worker, 'message')));
  }

  ready(): Promise<void> {
    return this.#answers();
  }

  /** Milliseconds until all of them have read their part. */
  async read(): Promise<number> {
    const start = performance.now();
    for (const worker of this.#workers) worker.postMessage('read');
    await this.#answers();
    return performance.now() - start;
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function hashing(bytes: Uint8Array, blockSize: number, size: number): number {
  const start = performance.now();
  for (let at = 0; at + PIECE <= size; at += PIECE) {
    for (let block = 0; block < PIECE; block += blockSize) {
      createHash('sha256')
        .update(salt)
        .update(bytes.subarray(block, block + blockSize))
        .digest();
    }
  }
  return performance.now() - start;
}

function random(source: Source, size: number): number {
  const dst = new Uint8Array(RANDOM_SIZE);
  let state = 1;
  const start = performance.now();
  for (let i = 0; i < RANDOM_READS; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    source.readSync!(dst, Math.floor((state / 0x80000000) * (size / RANDOM_SIZE)) * RANDOM_SIZE);
  }
  return performance.now() - start;
}

function oneHashEach(bytes: Uint8Array): number {
  const start = performance.now();
  for (let i = 0; i < RANDOM_READS; i++) {
    createHash('sha256').update(salt).update(bytes.subarray(0, RANDOM_SIZE)).digest();
  }
  return performance.now() - start;
}

function report(name: string, values: readonly number[]): void {
  const sorted = values.toSorted((a, b) => a - b).map((value) => value.toFixed(2));
  console.log(`${name}: median ${sorted[ROUNDS >> 1]}, ${sorted[0]} to ${sorted.at(-1)}`);
}

const folder = mkdtempSync(join(tmpdir(), 'verity-'));
try {
  const path = process.argv[2] ?? join(folder, 'data');
  if (process.argv[2] === undefined) writeFileSync(path, randomFillSync(new Uint8Array(64 << 20)));
  const data = openFileSource(path);
  const size = Math.floor(data.size / PIECE) * PIECE;
  const piece = randomFillSync(new Uint8Array(PIECE));
  for (const blockSize of [512, 4096, 65536]) {
    const tree = buildTree(data, blockSize, size / blockSize);
    const source = verifiedBy(data, tree);
    const team = new Team(path, tree, size, WORKERS);
    await team.ready();
    const shares: number[] = [];
    const speeds: number[] = [];
    const ratios: number[] = [];
    const together: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const hashed = hashing(piece, blockSize, size);
      const read = sequential(source, size);
      shares.push(hashed / read);
      together.push(hashed / (await team.read()));
      speeds.push(size / 1000 / read);
      ratios.push(random(source, size) / (random(data, size) + oneHashEach(piece)));
    }
    report(`blocks of ${blockSize}: sequential, MB/s`, speeds);
    report(`blocks of ${blockSize}: sequential, share of one core hashing`, shares);
    report(`blocks of ${blockSize}: sequential by ${WORKERS} workers, share of one core hashing`, together);
    await team.end();
    if (blockSize === RANDOM_SIZE) report('random 4 KiB, of unverified plus one hash', ratios);
  }
  data.close();
} finally {
  rmSync(folder, { recursive: true });
}
