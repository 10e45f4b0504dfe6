/** What verity.ts and its workers share. */
import { BytesSource } from '../../src/cache/bytes-source.js';
import { eachPieceSync } from '../../src/cache/pieces.js';
import type { Source } from '../../src/cache/source.js';
import { VerifiedSource } from '../../src/cache/verified-source.js';
import { dmVerityTree } from '../../src/verity/dm-verity.js';
import { TreeBuilder } from '../../src/verity/tree-builder.js';
import { Verifier } from '../../src/verity/verifier.js';

export const PIECE = 1 << 20;
export const salt = new Uint8Array(32).fill(5);

export interface Tree {
  readonly blockSize: number;
  readonly dataBlocks: number;
  readonly root: Uint8Array;
  readonly bytes: Uint8Array;
}

export interface Part {
  readonly path: string;
  readonly tree: Tree;
  readonly start: number;
  readonly end: number;
}

const merkle = (blockSize: number, dataBlocks: number) =>
  dmVerityTree({
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: blockSize,
    hashBlockSize: blockSize,
    dataBlocks,
    salt,
  });

export function buildTree(data: Source, blockSize: number, dataBlocks: number): Tree {
  const tree = merkle(blockSize, dataBlocks);
  const builder = new TreeBuilder(tree);
  eachPieceSync(data, tree.dataSize, (piece) => builder.add(piece));
  return { blockSize, dataBlocks, ...builder.finish() };
}

export function verifiedBy(data: Source, { blockSize, dataBlocks, root, bytes }: Tree): VerifiedSource {
  return new VerifiedSource({
    data,
    hashes: new BytesSource(bytes, 'tree', 'tree'),
    treeStart: 0,
    verifier: new Verifier(merkle(blockSize, dataBlocks), root),
    memory: 64 << 20,
  });
}

export function readPieces(source: Source, start: number, end: number): void {
  const dst = new Uint8Array(PIECE);
  for (let offset = start; offset + PIECE <= end; offset += PIECE) source.readSync!(dst, offset);
}
