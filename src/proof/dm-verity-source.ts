/** A blob under a dm-verity tree, from where the tree lies to verified bytes. */
import type { HashMemory } from '../cache/hash-memory.js';
import type { Source } from '../cache/source.js';
import { VerifiedSource } from '../cache/verified-source.js';
import { digestText, parseRootHash } from '../verity/digest-text.js';
import {
  type DmVerityParameters,
  dmVerityTree,
  type HashPolicy,
  parseSuperblock,
  SUPERBLOCK_SIZE,
} from '../verity/dm-verity.js';
import { checkPinned, checkPlacement, treeStart } from '../verity/dm-verity-checks.js';
import { VerityError } from '../verity/errors.js';
import { Verifier } from '../verity/verifier.js';

export interface DmVerityClaim {
  /** with or without its algorithm before it */
  readonly root: string;
  /** byte of `hashes` where the superblock is, or the tree where there is none */
  readonly hashOffset: number;
  readonly parameters: Partial<DmVerityParameters>;
  readonly hasSuperblock: boolean;
  readonly policy: HashPolicy;
  /** where hash blocks are kept; its own unless given */
  readonly memory?: HashMemory | undefined;
}

export interface RootedSource {
  readonly source: VerifiedSource;
  /** the root hash, "ALGORITHM:HEX" */
  readonly digest: string;
}

/**
 * `hashes` is `data` itself where the tree is appended. Rejects with VerityError where tree, data and claim do not belong
 * together, and as the sources do; nothing of the data has been read then.
 */
export async function dmVeritySource(
  data: Source,
  hashes: Source,
  { root, hashOffset, parameters: pinned, hasSuperblock, policy, memory }: DmVerityClaim,
): Promise<RootedSource> {
  const parameters = hasSuperblock
    ? await readParameters(hashes, hashOffset, pinned)
    : completeParameters(pinned);
  const tree = dmVerityTree(parameters, policy);
  checkPlacement(parameters, tree.shape.size, {
    dataFileSize: data.size,
    hashFileSize: hashes.size,
    appended: hashes === data,
    hashOffset,
    hasSuperblock,
  });
  const bytes = parseRootHash(root, parameters.algorithm);
  return {
    source: new VerifiedSource({
      data,
      hashes,
      treeStart: treeStart(hashOffset, parameters.hashBlockSize, hasSuperblock),
      verifier: new Verifier(tree, bytes),
      memory,
    }),
    digest: digestText({ algorithm: parameters.algorithm, bytes }),
  };
}

async function readParameters(
  hashes: Source,
  offset: number,
  pinned: Partial<DmVerityParameters>,
): Promise<DmVerityParameters> {
  const length = Math.max(0, Math.min(SUPERBLOCK_SIZE, hashes.size - offset));
  const [bytes] = length === 0 ? [new Uint8Array(0)] : await hashes.read([{ offset, length }]);
  const superblock = parseSuperblock(bytes!);
  checkPinned(superblock, pinned);
  return superblock;
}

const NAMES = ['hashType', 'algorithm', 'dataBlockSize', 'hashBlockSize', 'dataBlocks', 'salt'] as const;

function completeParameters(given: Partial<DmVerityParameters>): DmVerityParameters {
  const missing = NAMES.filter((name) => given[name] === undefined);
  if (missing.length === 0) return given as DmVerityParameters;
  throw new VerityError(
    'bad-parameters',
    `a dm-verity tree without superblock needs all of its parameters; missing: ${missing.join(', ')}`,
  );
}
