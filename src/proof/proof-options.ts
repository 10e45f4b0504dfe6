/** Options about proofs, and from their values to a ProofSpec. Paths become absolute here. */
import { resolve } from 'node:path';
import { defaultCacheDirectory } from '../cache/cache-directory.js';
import type { LongOption, OptionWords } from '../options/long-option.js';
import { absolute } from '../options/reference.js';
import { parseSalt } from '../verity/digest-text.js';
import { type DmVerityParameters, dmVerityAlgorithm } from '../verity/dm-verity.js';
import { readArtifact } from './artifact.js';
import type { BlobClaims, ProofSpec } from './proof-spec.js';

const EACH = 'repeat it for the extra devices and upper layers, - for none';

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
  'verity-sidecar': {
    value: 'FILE',
    repeats: true,
    describe: `containerd's metadata of the tree (default: IMAGE.dmverity); ${EACH}`,
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
  'image-digest': {
    value: 'DIGEST',
    repeats: true,
    describe: `hash the whole image first, and refuse it unless it has this digest, sha256:HEX or sha512:HEX; ${EACH}`,
  },
  artifact: {
    value: 'FILE',
    describe:
      "JSON with CubeSandbox's annotations of the image: its digest, size and file system, checked first",
  },
  'require-verity': { describe: 'refuse what has no proof: the image, each device, each object' },
  'hash-backend': { value: 'auto|node|noble', describe: 'who hashes: node:crypto, or @noble/hashes' },
  'cache-dir': {
    value: 'DIR',
    describe: 'where built hash trees are kept (default: $XDG_CACHE_HOME/erofsjs)',
  },
} as const satisfies Record<string, LongOption>;

export type ProofOptionName = keyof typeof PROOF_OPTIONS;

const NONE = '-';

/** Throws OptionUsageError, VerityError; ProofError, and the system's errors, for an artifact. */
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
  const sidecars = words.all('verity-sidecar');
  const artifact = words.one('artifact');
  const blobs = words.all('image-digest');
  const all = [roots, hashes, offsets, signatures, digests, trees, sidecars, blobs];
  const count = Math.max(...all.map(({ length }) => length), artifact === undefined ? 0 : 1);
  return Array.from({ length: count }, (_, i) => ({
    ...when(roots[i], (root) => ({ root: root.toLowerCase() })),
    ...when(hashes[i], (file) => ({ hashFile: absolute(file) })),
    ...when(offsets[i], (offset) => ({ hashOffset: words.number('verity-offset', offset) })),
    ...when(signatures[i], (file) => ({ signatureFile: resolve(file) })),
    ...when(digests[i], (digest) => ({ fsVerityDigest: digestOf(digest) })),
    ...when(trees[i], (file) => ({ treeFile: resolve(file) })),
    ...when(sidecars[i], (file) => ({ sidecar: resolve(file) })),
    ...when(blobs[i], (digest) => ({ blobDigest: digestOf(digest) })),
    ...(i === 0 && artifact !== undefined && artifactClaims(artifact, blobs[0], words)),
  }));
}

/** What follows from a value that was given; "-" holds the place of one that was not. */
function when<Claims extends object>(value: string | undefined, claims: (value: string) => Claims) {
  return value === undefined || value === NONE ? undefined : claims(value);
}

function artifactClaims(
  file: string,
  digest: string | undefined,
  words: OptionWords<ProofOptionName>,
): Pick<BlobClaims, 'blobDigest' | 'blobSize'> {
  if (digest === undefined || digest === NONE) return readArtifact(resolve(file));
  throw words.refused('artifact', file, 'it alone, as it gives the digest of the image');
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
