/** Options about proofs, and from their values to a ProofSpec. Paths become absolute here. */
import { resolve } from 'node:path';
import { defaultCacheDirectory } from '../cache/cache-directory.js';
import type { LongOption, OptionWords } from '../options/long-option.js';
import { absolute } from '../options/reference.js';
import { parseSalt } from '../verity/digest-text.js';
import { type DmVerityParameters, dmVerityAlgorithm } from '../verity/dm-verity.js';
import type { BlobClaims, ProofSpec } from './proof-spec.js';

const EACH = 'repeat it for the extra devices, in their order';

export const PROOF_OPTIONS = {
  'verity-root': {
    value: 'HEX',
    repeats: true,
    describe: `check every block against this dm-verity root hash; ${EACH}`,
  },
  'verity-hash': {
    value: 'FILE',
    repeats: true,
    describe: `a file or URL: what holds the hash tree, where not the image; ${EACH}`,
  },
  'verity-offset': {
    value: 'BYTES',
    repeats: true,
    describe: `where the dm-verity superblock is (default: found behind the file system); ${EACH}`,
  },
  'verity-no-superblock': { describe: 'the tree has no superblock: give the six parameters below' },
  'verity-hash-type': { value: '0|1', describe: 'of the tree; a superblock that says otherwise is refused' },
  'verity-algorithm': { value: 'NAME', describe: 'of the tree: sha256, sha512, sha384, sha1; likewise' },
  'verity-data-block-size': { value: 'BYTES', describe: 'of the tree; likewise' },
  'verity-hash-block-size': { value: 'BYTES', describe: 'of the tree; likewise' },
  'verity-data-blocks': { value: 'N', describe: 'of the tree; likewise' },
  'verity-salt': { value: 'HEX', describe: 'of the tree, - for none; likewise' },
  'verity-allow-sha1': { describe: 'accept trees of SHA-1, which can be forged' },
  'verity-cert': {
    value: 'FILE',
    repeats: true,
    describe: 'a certificate: root hashes count only with a signature by it, or by one that it issued',
  },
  'verity-signature': {
    value: 'FILE',
    repeats: true,
    describe: `PKCS#7 over the root hash (default: IMAGE.sig); ${EACH}`,
  },
  'verity-ignore-sidecar': { describe: 'do not check by IMAGE.dmverity where that file exists' },
  'fsverity-digest': {
    value: 'DIGEST',
    repeats: true,
    describe: `check the whole image against this fs-verity digest, sha256:HEX or sha512:HEX; ${EACH}`,
  },
  'fsverity-tree': {
    value: 'FILE',
    repeats: true,
    describe: `the Merkle tree of the digest (default: built once and kept); ${EACH}`,
  },
  'require-verity': { describe: 'refuse what has no proof: the image, each device, each object' },
  'hash-backend': { value: 'auto|node|noble', describe: 'who hashes: node:crypto, or @noble/hashes' },
  'cache-dir': {
    value: 'DIR',
    describe: 'where built hash trees are kept (default: $XDG_CACHE_HOME/erofsjs)',
  },
} as const satisfies Record<string, LongOption>;

export type ProofOptionName = keyof typeof PROOF_OPTIONS;

/** Throws OptionUsageError, VerityError. */
export function proofSpec(words: OptionWords<ProofOptionName>): ProofSpec {
  const certificates = words.all('verity-cert').map((path) => resolve(path));
  const backend = words.choice('hash-backend', ['auto', 'node', 'noble']);
  return {
    blobs: blobClaims(words),
    parameters: parameters(words),
    noSuperblock: words.has('verity-no-superblock'),
    ignoreSidecars: words.has('verity-ignore-sidecar'),
    require: words.has('require-verity'),
    policy: {
      ...(backend !== undefined && { backend }),
      allowSha1: words.has('verity-allow-sha1'),
    },
    cacheDirectory: resolve(words.one('cache-dir') ?? defaultCacheDirectory()),
    ...(certificates.length > 0 && { certificateFiles: certificates }),
  };
}

function blobClaims(words: OptionWords<ProofOptionName>): BlobClaims[] {
  const roots = words.all('verity-root');
  const hashes = words.all('verity-hash');
  const offsets = words.all('verity-offset');
  const signatures = words.all('verity-signature');
  const digests = words.all('fsverity-digest');
  const trees = words.all('fsverity-tree');
  const count = Math.max(...[roots, hashes, offsets, signatures, digests, trees].map(({ length }) => length));
  return Array.from({ length: count }, (_, i) => ({
    ...(roots[i] !== undefined && { root: roots[i].toLowerCase() }),
    ...(hashes[i] !== undefined && { hashFile: absolute(hashes[i]) }),
    ...(offsets[i] !== undefined && { hashOffset: words.number('verity-offset', offsets[i]) }),
    ...(signatures[i] !== undefined && { signatureFile: resolve(signatures[i]) }),
    ...(digests[i] !== undefined && { fsVerityDigest: digestOf(digests[i]) }),
    ...(trees[i] !== undefined && { treeFile: resolve(trees[i]) }),
  }));
}

/** composefs writes digests without their algorithm, which the length tells. */
function digestOf(text: string): string {
  const lower = text.toLowerCase();
  if (/^[0-9a-f]{64}$/.test(lower)) return `sha256:${lower}`;
  return /^[0-9a-f]{128}$/.test(lower) ? `sha512:${lower}` : lower;
}

function parameters(words: OptionWords<ProofOptionName>): Partial<DmVerityParameters> {
  const type = words.choice('verity-hash-type', ['0', '1']);
  const algorithm = words.one('verity-algorithm');
  const salt = words.one('verity-salt');
  const numbers = {
    dataBlockSize: words.oneNumber('verity-data-block-size'),
    hashBlockSize: words.oneNumber('verity-hash-block-size'),
    dataBlocks: words.oneNumber('verity-data-blocks'),
  };
  return {
    ...(type !== undefined && { hashType: type === '0' ? 0 : 1 }),
    ...(algorithm !== undefined && { algorithm: dmVerityAlgorithm(algorithm) }),
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)),
    ...(salt !== undefined && { salt: parseSalt(salt) }),
  };
}
