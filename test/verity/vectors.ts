/** Trees and digests that veritysetup, fsverity and others made: test/fixtures/verity/verity-vectors.json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DmVeritySuperblock } from '../../src/verity/dm-verity.js';
import type { FsVerityAlgorithm, FsVerityParameters } from '../../src/verity/fs-verity.js';
import type { HashAlgorithm } from '../../src/verity/hash.js';
import type { MerkleTree } from '../../src/verity/merkle-tree.js';
import { type BuiltTree, TreeBuilder } from '../../src/verity/tree-builder.js';
import { fixtures } from '../support/paths.js';

interface VectorData {
  readonly name: string;
  readonly expect: 'ok' | 'error';
  readonly gen: 'xs32' | 'lin' | 'zero';
  readonly data_size: number;
  readonly salt: string;
}

export interface DmVector extends VectorData {
  readonly kind: 'dm-verity';
  readonly alg: HashAlgorithm;
  readonly data_block_size: number;
  readonly hash_block_size: number;
  readonly hash_type: 0 | 1;
  readonly superblock: boolean;
  readonly layout: 'separate' | 'appended';
  readonly hash_offset: number;
  readonly data_blocks: number;
  /** null where there is no superblock */
  readonly uuid: string | null;
  readonly root_hash: string;
  readonly tree_offset: number;
  readonly tree_size: number;
  readonly level_blocks_leaf_first: readonly number[];
  readonly tree_sha256: string;
  readonly superblock_sha256: string | null;
  readonly hash_file_size: number;
  readonly hash_file_sha256: string;
  readonly upstream_root?: string;
}

export interface FsVector extends VectorData {
  readonly kind: 'fs-verity';
  readonly alg: FsVerityAlgorithm;
  readonly block_size: number;
  readonly digest: string;
  readonly merkle_root: string;
  readonly tree_size: number;
  readonly tree_sha256: string;
  readonly descriptor_hex: string;
}

export interface FecVector extends VectorData {
  readonly kind: 'dm-verity-fec';
  readonly block_size: number;
  readonly salt: string;
  readonly root_hash: string;
}

interface Vectors {
  readonly vectors: readonly (DmVector | FsVector | FecVector)[];
  readonly upstream_known_answers: {
    readonly fsverity_utils: {
      readonly cases: readonly {
        readonly alg: FsVerityAlgorithm;
        readonly size: number;
        readonly block: number;
        readonly salt_ascii: string;
        readonly digest: string;
      }[];
    };
    readonly composefs: { readonly cases: readonly { readonly data_hex: string; readonly digest: string }[] };
    readonly avb: { readonly salt: string; readonly tree_size: number; readonly root: string };
    readonly level_confusion: { readonly root: string };
  };
}

const all: Vectors = JSON.parse(readFileSync(join(fixtures, 'verity', 'verity-vectors.json'), 'utf8'));

export const dmVectors = all.vectors.filter((vector) => vector.kind === 'dm-verity');
export const fsVectors = all.vectors.filter((vector) => vector.kind === 'fs-verity');
export const fecVectors = all.vectors.filter((vector) => vector.kind === 'dm-verity-fec');
export const knownAnswers = all.upstream_known_answers;

/** The data of a vector. */
export function generate({ gen, data_size: size }: Pick<VectorData, 'gen' | 'data_size'>): Uint8Array {
  if (gen === 'zero') return new Uint8Array(size);
  if (gen === 'lin') return Uint8Array.from({ length: size }, (_, i) => i * 31 + 7);
  const words = new Uint32Array(Math.ceil(size / 4));
  let x = 0x2545f491;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer, 0, size);
}

export function dmSuperblock(vector: DmVector): DmVeritySuperblock {
  return {
    hashType: vector.hash_type,
    algorithm: vector.alg,
    dataBlockSize: vector.data_block_size,
    hashBlockSize: vector.hash_block_size,
    dataBlocks: vector.data_blocks,
    salt: fromHex(vector.salt),
    uuid: fromHex((vector.uuid ?? '0'.repeat(32)).replaceAll('-', '')),
  };
}

export function fsParameters(vector: FsVector): FsVerityParameters {
  return { algorithm: vector.alg, blockSize: vector.block_size, salt: fromHex(vector.salt) };
}

/** Data beyond what the tree covers is left out. */
export function build(tree: MerkleTree, data: Uint8Array): BuiltTree {
  const builder = new TreeBuilder(tree);
  const piece = Math.max(1, Math.floor((1 << 20) / tree.shape.dataBlockSize)) * tree.shape.dataBlockSize;
  for (let at = 0; at < tree.dataSize; at += piece) {
    builder.add(data.subarray(at, Math.min(at + piece, tree.dataSize)));
  }
  return builder.finish();
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
