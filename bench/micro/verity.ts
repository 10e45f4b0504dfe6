/**
 * What verification costs: `node dist/bench/micro/verity.js [IMAGE]`.
 *
 * Sequential verified reads as a share of what one core of node:crypto hashes (createHash, salt and block), and random
 * 4 KiB verified reads against unverified ones plus one hash; rounds interleaved, ratios taken within a round. Without
 * IMAGE over 64 MiB of random bytes in a temporary file. Absolute figures hold for this machine only.
 */
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BytesSource } from '../../src/cache/bytes-source.js';
import { openFileSource } from '../../src/cache/file-source.js';
import { eachPieceSync } from '../../src/cache/pieces.js';
import type { Source } from '../../src/cache/source.js';
import { VerifiedSource } from '../../src/cache/verified-source.js';
import { dmVerityTree } from '../../src/verity/dm-verity.js';
import { TreeBuilder } from '../../src/verity/tree-builder.js';
import { Verifier } from '../../src/verity/verifier.js';

const ROUNDS = 15;
const PIECE = 1 << 20;
const RANDOM_READS = 2000;
const RANDOM_SIZE = 4096;
const salt = new Uint8Array(32).fill(5);

function verified(data: Source, blockSize: number, dataBlocks: number): VerifiedSource {
  const tree = dmVerityTree({
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: blockSize,
    hashBlockSize: blockSize,
    dataBlocks,
    salt,
  });
  const builder = new TreeBuilder(tree);
  eachPieceSync(data, tree.dataSize, (piece) => builder.add(piece));
  const { root, bytes } = builder.finish();
  const verifier = new Verifier(tree, root);
  return new VerifiedSource({
    data,
    hashes: new BytesSource(bytes, 'tree', 'tree'),
    treeStart: 0,
    verifier,
    budget: 64 << 20,
  });
}

function sequential(source: Source, size: number): number {
  const dst = new Uint8Array(PIECE);
  const start = performance.now();
  for (let offset = 0; offset + PIECE <= size; offset += PIECE) source.readSync!(dst, offset);
  return performance.now() - start;
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
    const source = verified(data, blockSize, size / blockSize);
    const shares: number[] = [];
    const speeds: number[] = [];
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const hashed = hashing(piece, blockSize, size);
      const read = sequential(source, size);
      shares.push(hashed / read);
      speeds.push(size / 1000 / read);
      ratios.push(random(source, size) / (random(data, size) + oneHashEach(piece)));
    }
    report(`blocks of ${blockSize}: sequential, MB/s`, speeds);
    report(`blocks of ${blockSize}: sequential, share of one core hashing`, shares);
    if (blockSize === RANDOM_SIZE) report('random 4 KiB, of unverified plus one hash', ratios);
  }
  data.close();
} finally {
  rmSync(folder, { recursive: true });
}
