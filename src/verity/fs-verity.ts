/**
 * fs-verity: a file's digest is that of a descriptor, which holds the root hash of the file's Merkle tree and binds size,
 * block size, salt and algorithm, so that no level of the tree can pass for another.
 */
import { BlockHash, type Salt } from './block-hash.js';
import type { NamedDigest } from './digest-text.js';
import { VerityError } from './errors.js';
import { createDigest, DIGEST_SIZE, type HashBackend } from './hash.js';
import type { MerkleTree } from './merkle-tree.js';
import { TreeShape } from './tree-shape.js';

export type FsVerityAlgorithm = 'sha256' | 'sha512';

export interface FsVerityParameters {
  readonly algorithm: FsVerityAlgorithm;
  /** bytes */
  readonly blockSize: number;
  /** at most 32 bytes */
  readonly salt: Uint8Array;
}

export interface FsVerityDescriptor extends FsVerityParameters {
  /** bytes */
  readonly fileSize: number;
  readonly root: Uint8Array;
}

export const DESCRIPTOR_SIZE = 256;
/** What `fsverity digest` and composefs use unless told. */
export const DEFAULT_BLOCK_SIZE = 4096;
const VERSION = 1;
const MAX_SALT_SIZE = 32;
/** The tool knows no limit, kernels take at most a page; data is hashed in pieces of at least this size. */
const MAX_BLOCK_SIZE = 1 << 20;
const HASH_IDS = { sha256: 1, sha512: 2 } as const;
/** A salt is padded to the input block of the compression function. */
const HASH_INPUT_SIZE = { sha256: 64, sha512: 128 } as const;
const AT = {
  version: 0,
  hashId: 1,
  blockBits: 2,
  saltSize: 3,
  signatureSize: 4,
  fileSize: 8,
  root: 16,
  salt: 80,
  reserved: 112,
} as const;

export function isFsVerityAlgorithm(name: string): name is FsVerityAlgorithm {
  return Object.hasOwn(HASH_IDS, name);
}

/**
 * The tree of a file of `fileSize` bytes; undefined for an empty file, which has neither tree nor anything to hash.
 * Throws 'bad-parameters' where fs-verity does not allow them, 'no-hash' as createDigest does.
 */
export function fsVerityTree(
  parameters: FsVerityParameters,
  fileSize: number,
  backend?: HashBackend,
): MerkleTree | undefined {
  checkParameters(parameters, fileSize);
  if (fileSize === 0) return undefined;
  const { algorithm, blockSize } = parameters;
  const digestSize = DIGEST_SIZE[algorithm];
  const hash = new BlockHash(algorithm, blockSize, paddedSalt(parameters), backend);
  return {
    shape: new TreeShape({
      dataBlocks: Math.ceil(fileSize / blockSize),
      dataBlockSize: blockSize,
      hashBlockSize: blockSize,
      digestSize,
      slotSize: digestSize,
    }),
    dataHash: hash,
    nodeHash: hash,
    dataSize: fileSize,
  };
}

/** The root hash of an empty file. */
export function emptyRoot(algorithm: FsVerityAlgorithm): Uint8Array {
  return new Uint8Array(DIGEST_SIZE[algorithm]);
}

/** 256 bytes. Throws 'bad-parameters'; 'root-length' where the root is no digest of the algorithm. */
export function writeDescriptor(descriptor: FsVerityDescriptor): Uint8Array {
  checkParameters(descriptor, descriptor.fileSize);
  const { algorithm, blockSize, fileSize, root, salt } = descriptor;
  if (root.length !== DIGEST_SIZE[algorithm]) {
    throw new VerityError(
      'root-length',
      `the root hash has ${root.length} bytes, one of ${algorithm} has ${DIGEST_SIZE[algorithm]}`,
    );
  }
  const bytes = new Uint8Array(DESCRIPTOR_SIZE);
  bytes[AT.version] = VERSION;
  bytes[AT.hashId] = HASH_IDS[algorithm];
  bytes[AT.blockBits] = Math.log2(blockSize);
  bytes[AT.saltSize] = salt.length;
  new DataView(bytes.buffer).setBigUint64(AT.fileSize, BigInt(fileSize), true);
  bytes.set(root, AT.root);
  bytes.set(salt, AT.salt);
  return bytes;
}

/** Throws 'not-verity' where this is no descriptor of version 1, 'bad-parameters' where it says what is not allowed. */
export function parseDescriptor(bytes: Uint8Array): FsVerityDescriptor {
  const algorithm = bytes[AT.hashId] === HASH_IDS.sha256 ? 'sha256' : 'sha512';
  const saltSize = bytes[AT.saltSize] ?? 0;
  const rootEnd = AT.root + DIGEST_SIZE[algorithm];
  if (
    bytes.length !== DESCRIPTOR_SIZE ||
    bytes[AT.version] !== VERSION ||
    bytes[AT.hashId] !== HASH_IDS[algorithm] ||
    !isZero(bytes.subarray(rootEnd, AT.salt)) ||
    !isZero(bytes.subarray(AT.salt + saltSize, AT.reserved)) ||
    !isZero(bytes.subarray(AT.reserved)) ||
    !isZero(bytes.subarray(AT.signatureSize, AT.fileSize))
  ) {
    throw new VerityError(
      'not-verity',
      `there is no fs-verity descriptor: found ${bytes.length} bytes that begin with ` +
        `${Buffer.from(bytes.subarray(0, 4)).toString('hex')}, expected ${DESCRIPTOR_SIZE} with version ${VERSION}, ` +
        'a known hash algorithm, and zeros in what is reserved',
    );
  }
  const descriptor: FsVerityDescriptor = {
    algorithm,
    blockSize: 2 ** bytes[AT.blockBits]!,
    salt: new Uint8Array(bytes.subarray(AT.salt, AT.salt + saltSize)),
    fileSize: Number(
      new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigUint64(AT.fileSize, true),
    ),
    root: new Uint8Array(bytes.subarray(AT.root, rootEnd)),
  };
  checkParameters(descriptor, descriptor.fileSize);
  return descriptor;
}

/** The digest of the file that the descriptor describes. Throws as writeDescriptor does. */
export function fileDigest(descriptor: FsVerityDescriptor, backend?: HashBackend): NamedDigest {
  const { algorithm } = descriptor;
  const digest = createDigest(algorithm, backend)(writeDescriptor(descriptor));
  return { algorithm, bytes: new Uint8Array(Buffer.from(digest, 'latin1')) };
}

function paddedSalt({ algorithm, salt }: FsVerityParameters): Salt {
  const bytes = new Uint8Array(salt.length === 0 ? 0 : HASH_INPUT_SIZE[algorithm]);
  bytes.set(salt);
  return { bytes, place: 'first' };
}

function checkParameters({ algorithm, blockSize, salt }: FsVerityParameters, fileSize: number): void {
  if (!isFsVerityAlgorithm(algorithm)) {
    throw badParameters(`the hash algorithm is ${JSON.stringify(algorithm)}, expected sha256 or sha512`);
  }
  const smallest = 2 * DIGEST_SIZE[algorithm];
  if (!(blockSize >= smallest && blockSize <= MAX_BLOCK_SIZE && Number.isInteger(Math.log2(blockSize)))) {
    throw badParameters(
      `the block size is ${blockSize}, expected a power of two from ${smallest}, two digests, to ${MAX_BLOCK_SIZE}`,
    );
  }
  if (salt.length > MAX_SALT_SIZE) {
    throw badParameters(`the salt has ${salt.length} bytes, expected at most ${MAX_SALT_SIZE}`);
  }
  if (!Number.isSafeInteger(fileSize) || fileSize < 0) {
    throw badParameters(`the file has ${fileSize} bytes, expected at most 2^53`);
  }
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function badParameters(found: string): VerityError {
  return new VerityError('bad-parameters', `fs-verity: ${found}`);
}
