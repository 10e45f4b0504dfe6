/**
 * dm-verity's parameters, their tree, and the superblock that carries them (the userspace convention of
 * cryptsetup; the kernel is given the parameters one by one).
 *
 * LAW: the root hash vouches for neither the superblock nor the depth of the tree: what is read here is a claim
 * until dm-verity-checks.ts has held it against the sizes of the files.
 */
import { BlockHash, type Salt } from './block-hash.js';
import { isAlgorithm } from './digest-text.js';
import { VerityError } from './errors.js';
import { DIGEST_SIZE, type HashAlgorithm, type HashBackend } from './hash.js';
import type { MerkleTree } from './merkle-tree.js';
import { TreeShape } from './tree-shape.js';

export interface DmVerityParameters {
  /** 1: the salt is hashed before a block and digests are spaced; 0 (Chrome OS): after it, and packed */
  readonly hashType: 0 | 1;
  readonly algorithm: HashAlgorithm;
  /** bytes */
  readonly dataBlockSize: number;
  readonly hashBlockSize: number;
  readonly dataBlocks: number;
  readonly salt: Uint8Array;
}

export interface DmVeritySuperblock extends DmVerityParameters {
  /** 16 bytes */
  readonly uuid: Uint8Array;
}

export interface HashPolicy {
  readonly backend?: HashBackend;
  /** SHA-1 is broken: refused unless this is set */
  readonly allowSha1?: boolean;
}

export const SUPERBLOCK_SIZE = 512;
const MAGIC = 'verity\0\0';
const VERSION = 1;
const MAX_SALT_SIZE = 256;
const MIN_BLOCK_SIZE = 512;
const MAX_BLOCK_SIZE = 512 << 10;
const AT = {
  version: 8,
  hashType: 12,
  uuid: 16,
  algorithm: 32,
  dataBlockSize: 64,
  hashBlockSize: 68,
  dataBlocks: 72,
  saltSize: 80,
  salt: 88,
} as const;
const UUID_SIZE = 16;
const ALGORITHM_SIZE = 32;

/**
 * The tree of these parameters. Throws 'bad-parameters' where the format does not allow them, 'weak-hash' for SHA-1 that was
 * not allowed, 'no-hash' as createDigest does.
 */
export function dmVerityTree(parameters: DmVerityParameters, policy: HashPolicy = {}): MerkleTree {
  checkParameters(parameters);
  const { algorithm, dataBlocks, dataBlockSize, hashBlockSize, hashType } = parameters;
  if (algorithm === 'sha1' && policy.allowSha1 !== true) {
    throw new VerityError(
      'weak-hash',
      'the tree is made with sha1, which no longer protects against forgery; make it with sha256, or allow sha1',
    );
  }
  const digestSize = DIGEST_SIZE[algorithm];
  const slotSize = hashType === 1 ? 2 ** Math.ceil(Math.log2(digestSize)) : digestSize;
  const salt: Salt = { bytes: parameters.salt, place: hashType === 1 ? 'first' : 'last' };
  return {
    shape: new TreeShape({ dataBlocks, dataBlockSize, hashBlockSize, digestSize, slotSize }),
    dataHash: new BlockHash(algorithm, dataBlockSize, salt, policy.backend),
    nodeHash: new BlockHash(algorithm, hashBlockSize, salt, policy.backend),
    dataSize: dataBlocks * dataBlockSize,
  };
}

/** Throws 'bad-parameters' for a name that is no algorithm of dm-verity here. */
export function dmVerityAlgorithm(name: string): HashAlgorithm {
  if (isAlgorithm(name)) return name;
  throw badParameters(
    `the hash algorithm is ${JSON.stringify(name)}; expected one of ${Object.keys(DIGEST_SIZE).join(', ')}`,
  );
}

/**
 * `bytes` begin with the superblock. Throws 'not-verity' where there is none, 'bad-parameters' where it says what the
 * format does not allow. Padding is not looked at, as cryptsetup does not.
 */
export function parseSuperblock(bytes: Uint8Array): DmVeritySuperblock {
  if (bytes.length < SUPERBLOCK_SIZE || text(bytes, 0, MAGIC.length) !== MAGIC) {
    throw new VerityError(
      'not-verity',
      `there is no dm-verity superblock: found ${Buffer.from(bytes.subarray(0, MAGIC.length)).toString('hex')} in ` +
        `${bytes.length} bytes, expected "verity" and two zero bytes; give the offset of the hash area, or the ` +
        'parameters of a tree without superblock',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, SUPERBLOCK_SIZE);
  const version = view.getUint32(AT.version, true);
  if (version !== VERSION) throw badParameters(`the superblock has version ${version}, expected ${VERSION}`);
  const saltSize = view.getUint16(AT.saltSize, true);
  if (saltSize > MAX_SALT_SIZE) throw badSalt(saltSize);
  const superblock: DmVeritySuperblock = {
    hashType: view.getUint32(AT.hashType, true) as 0 | 1,
    uuid: new Uint8Array(bytes.subarray(AT.uuid, AT.uuid + UUID_SIZE)),
    algorithm: dmVerityAlgorithm(text(bytes, AT.algorithm, ALGORITHM_SIZE).replace(/\0+$/, '')),
    dataBlockSize: view.getUint32(AT.dataBlockSize, true),
    hashBlockSize: view.getUint32(AT.hashBlockSize, true),
    dataBlocks: Number(view.getBigUint64(AT.dataBlocks, true)),
    salt: new Uint8Array(bytes.subarray(AT.salt, AT.salt + saltSize)),
  };
  checkParameters(superblock);
  return superblock;
}

/** 512 bytes. Throws 'bad-parameters' as dmVerityTree does. */
export function writeSuperblock(superblock: DmVeritySuperblock): Uint8Array {
  checkParameters(superblock);
  const bytes = new Uint8Array(SUPERBLOCK_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(MAGIC, 'latin1'));
  view.setUint32(AT.version, VERSION, true);
  view.setUint32(AT.hashType, superblock.hashType, true);
  bytes.set(superblock.uuid.subarray(0, UUID_SIZE), AT.uuid);
  bytes.set(Buffer.from(superblock.algorithm, 'latin1'), AT.algorithm);
  view.setUint32(AT.dataBlockSize, superblock.dataBlockSize, true);
  view.setUint32(AT.hashBlockSize, superblock.hashBlockSize, true);
  view.setBigUint64(AT.dataBlocks, BigInt(superblock.dataBlocks), true);
  view.setUint16(AT.saltSize, superblock.salt.length, true);
  bytes.set(superblock.salt, AT.salt);
  return bytes;
}

function checkParameters(parameters: DmVerityParameters): void {
  const { hashType, dataBlockSize, hashBlockSize, dataBlocks, salt } = parameters;
  if (hashType !== 0 && hashType !== 1) throw badParameters(`the hash type is ${hashType}, expected 0 or 1`);
  checkBlockSize('data', dataBlockSize);
  checkBlockSize('hash', hashBlockSize);
  if (salt.length > MAX_SALT_SIZE) throw badSalt(salt.length);
  if (dataBlocks < 1 || !Number.isSafeInteger(dataBlocks * dataBlockSize)) {
    throw badParameters(
      `${dataBlocks} data blocks of ${dataBlockSize} bytes, expected at least one, and at most 2^53 bytes`,
    );
  }
}

function checkBlockSize(which: string, size: number): void {
  if (size >= MIN_BLOCK_SIZE && size <= MAX_BLOCK_SIZE && Number.isInteger(Math.log2(size))) return;
  throw badParameters(
    `the ${which} block size is ${size}, expected a power of two from ${MIN_BLOCK_SIZE} to ${MAX_BLOCK_SIZE}`,
  );
}

function badSalt(size: number): VerityError {
  return badParameters(`the salt has ${size} bytes, expected at most ${MAX_SALT_SIZE}`);
}

function badParameters(found: string): VerityError {
  return new VerityError('bad-parameters', `dm-verity: ${found}`);
}

function text(bytes: Uint8Array, offset: number, length: number): string {
  return Buffer.from(bytes.subarray(offset, offset + length)).toString('latin1');
}
