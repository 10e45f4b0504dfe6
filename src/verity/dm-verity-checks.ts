/**
 * What ties a dm-verity tree to its data, since the root hash does not.
 *
 * Nothing in a root hash says how deep the tree is: the leaf hash blocks of a tree, presented as data, with the rest of it
 * as their tree, verify under the same root hash. So the numbers of an unsigned superblock are held against the sizes of
 * the files, against what was pinned, and, once it is read, against the file system's own size.
 */
import { type DmVerityParameters, SUPERBLOCK_SIZE } from './dm-verity.js';
import { VerityError } from './errors.js';

/** Where data and tree lie; bytes. */
export interface DmVerityPlacement {
  /** the data file or device */
  readonly dataFileSize: number;
  /** what holds the tree; the same file where it is appended to the data */
  readonly hashFileSize: number;
  readonly appended: boolean;
  /** of the superblock; of the tree itself where there is none */
  readonly hashOffset: number;
  readonly hasSuperblock: boolean;
}

const SECTOR_SIZE = 512;

/**
 * Byte where the tree starts: behind the superblock, at the next hash block.
 *
 * Throws 'tree-place' where a superblock is off the sectors, and where a tree without superblock is off the hash blocks:
 * veritysetup moves that one down without a word, and so off the data's end.
 */
export function treeStart(hashOffset: number, hashBlockSize: number, hasSuperblock: boolean): number {
  const unit = hasSuperblock ? SECTOR_SIZE : hashBlockSize;
  if (hashOffset % unit !== 0 || hashOffset < 0 || !Number.isSafeInteger(hashOffset)) {
    throw new VerityError(
      'tree-place',
      hasSuperblock
        ? `the hash offset is ${hashOffset}, a superblock starts at a multiple of ${SECTOR_SIZE} bytes`
        : `the hash offset is ${hashOffset}, a tree without superblock starts at a multiple of its hash block size, ${hashBlockSize}; ` +
            'give the offset rounded down if veritysetup made it',
    );
  }
  return hasSuperblock
    ? Math.ceil((hashOffset + SUPERBLOCK_SIZE) / hashBlockSize) * hashBlockSize
    : hashOffset;
}

/**
 * `treeSize` is that of the parameters' tree in bytes. Throws 'tree-place' as treeStart does, 'data-size' where the tree
 * is not over exactly this data, 'tree-truncated' where the file ends before the tree.
 */
export function checkPlacement(
  parameters: DmVerityParameters,
  treeSize: number,
  placement: DmVerityPlacement,
): void {
  const start = treeStart(placement.hashOffset, parameters.hashBlockSize, placement.hasSuperblock);
  const covered = parameters.dataBlocks * parameters.dataBlockSize;
  if (placement.appended) checkAppended(parameters, covered, placement.hashOffset);
  else if (covered !== placement.dataFileSize) {
    throw notThisData(
      `${covered} bytes, the data file has ${placement.dataFileSize}`,
      'pad the data to whole blocks before the tree is made, and cover all of them',
    );
  }
  if (start + treeSize > placement.hashFileSize) {
    throw new VerityError(
      'tree-truncated',
      `the hash tree takes ${treeSize} bytes from byte ${start} on, its file ends at byte ${placement.hashFileSize}; ` +
        'give the whole file',
    );
  }
}

/** Between the data and the hash area there is nothing but what rounds the data up to a hash block. */
function checkAppended({ hashBlockSize }: DmVerityParameters, covered: number, hashOffset: number): void {
  if (hashOffset === covered || hashOffset === Math.ceil(covered / hashBlockSize) * hashBlockSize) return;
  throw notThisData(
    `${covered} bytes, the hash area behind the data starts at byte ${hashOffset}`,
    'they have to meet: give the hash offset that was used when the tree was made',
  );
}

/** `fileSystemEnd` is the byte of the verified data at which the file system ends. Throws 'uncovered'. */
export function checkFileSystem(dataSize: number, fileSystemEnd: number): void {
  if (fileSystemEnd <= dataSize) return;
  throw new VerityError(
    'uncovered',
    `the file system ends at byte ${fileSystemEnd}, the hash tree covers ${dataSize} bytes; ` +
      'the image was cut off, or the root hash is that of another image or of another level of the tree',
  );
}

/** Holds what a superblock says against what is known from elsewhere. Throws 'contradiction'. */
export function checkPinned(found: DmVerityParameters, pinned: Partial<DmVerityParameters>): void {
  for (const [name, expected] of Object.entries(pinned)) {
    const actual = found[name as keyof DmVerityParameters];
    if (printed(actual) === printed(expected)) continue;
    throw new VerityError(
      'contradiction',
      `the superblock says ${name} ${printed(actual)}, ${printed(expected)} was pinned`,
    );
  }
}

function printed(value: number | string | Uint8Array): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') || '(empty)' : String(value);
}

function notThisData(found: string, remedy: string): VerityError {
  return new VerityError(
    'data-size',
    `the hash tree covers ${found}: it may be cut off, or be another level of the tree than it claims; ${remedy}`,
  );
}
