/**
 * The two files of a kept blob, in a folder of their own: the sparse data, and the index.
 *
 * LAW: a blob's folder appears whole, by a rename, and goes by a rename. Whoever has its files open goes on and finds
 * out, for they have no name any more; so nobody has to lock anything.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsync,
  mkdirSync,
  open,
  openSync,
  readSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  type BlobIdentity,
  blobKey,
  decodeHeader,
  encodeHeader,
  HEADER_SIZE,
  type IndexHeader,
  IndexLayout,
  isChunkSize,
  isHeaderOf,
} from './chunk-index.js';

/** What begins the names of folders that are being made or removed; blobs' are hexadecimal. */
export const PASSING = '.';

/** Somebody else makes or removes the same blob at the same time; not so often. */
const TRIES = 8;

export class BlobFiles {
  readonly folder: string;
  readonly header: IndexHeader;
  readonly layout: IndexLayout;
  /** descriptors */
  readonly index: number;
  readonly data: number;
  readonly isWritable: boolean;

  constructor(folder: string, header: IndexHeader, index: number, data: number, isWritable: boolean) {
    this.folder = folder;
    this.header = header;
    this.layout = new IndexLayout(header);
    this.index = index;
    this.data = data;
    this.isWritable = isWritable;
  }

  /** Somebody has removed the blob. */
  get isRemoved(): boolean {
    return fstatSync(this.index).nlink === 0 || fstatSync(this.data).nlink === 0;
  }

  /** Makes the names durable. Rejects with the system's error. */
  async syncFolders(): Promise<void> {
    for (const folder of [this.folder, dirname(this.folder)]) {
      const descriptor = await promisify(open)(folder, constants.O_RDONLY);
      try {
        await promisify(fsync)(descriptor);
      } finally {
        closeSync(descriptor);
      }
    }
  }

  close(): void {
    closeSync(this.index);
    closeSync(this.data);
  }
}

/**
 * Opens the files of a blob, and makes them where they are missing or damaged and may be written. `chunkSize` counts
 * where they are made. undefined where there are none. Throws the system's error.
 */
export function openBlobFiles(
  blobs: string,
  blob: BlobIdentity,
  chunkSize: number,
  readOnly: boolean,
): BlobFiles | undefined {
  const folder = join(blobs, blobKey(blob.id));
  for (let tries = 1; tries <= TRIES; tries++) {
    const files = openFiles(folder, readOnly);
    if (files !== undefined && isHeaderOf(files.header, blob)) return files;
    files?.close();
    if (readOnly) return undefined;
    // a folder that is in the way was made by somebody else a moment ago, or is damaged
    if (!makeFiles(folder, blob, chunkSize) && tries > 1) removeBlob(folder);
  }
  throw Object.assign(new Error(`${folder} is made and removed by others all the time`), { code: 'EBUSY' });
}

/** undefined where a file is missing or the header is damaged. Throws the system's error. */
export function openFiles(folder: string, readOnly: boolean): BlobFiles | undefined {
  const index = openExisting(join(folder, 'index'), readOnly);
  if (index === undefined) return undefined;
  try {
    const header = readHeader(index);
    const data = header && openExisting(join(folder, 'data'), readOnly);
    if (data !== undefined) return new BlobFiles(folder, header!, index, data, !readOnly);
  } catch (error) {
    closeSync(index);
    throw error;
  }
  closeSync(index);
  return undefined;
}

/** The blob is gone at once, and so is the room that it took, whoever has it open. Throws the system's error. */
export function removeBlob(folder: string): void {
  const passing = join(dirname(folder), `${PASSING}${randomUUID()}`);
  try {
    renameSync(folder, passing);
    truncateSync(join(passing, 'data'));
  } catch (error) {
    // somebody else has removed it, or the file was missing
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  rmSync(passing, { recursive: true, force: true });
}

/** False where there is such a folder already. */
function makeFiles(folder: string, blob: BlobIdentity, chunkSize: number): boolean {
  const passing = join(dirname(folder), `${PASSING}${randomUUID()}`);
  mkdirSync(passing, 0o700);
  try {
    const header = encodeHeader(blob, chunkSize, randomBytes(4).readUInt32LE());
    writeFileSync(join(passing, 'index'), header, { mode: 0o600, flag: 'wx' });
    writeFileSync(join(passing, 'data'), '', { mode: 0o600, flag: 'wx' });
    renameSync(passing, folder);
    return true;
  } catch (error) {
    rmSync(passing, { recursive: true, force: true });
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

function readHeader(index: number): IndexHeader | undefined {
  const bytes = Buffer.alloc(HEADER_SIZE);
  const header = decodeHeader(bytes.subarray(0, readSync(index, bytes, 0, HEADER_SIZE, 0)));
  return header !== undefined && isChunkSize(header.chunkSize) ? header : undefined;
}

function openExisting(path: string, readOnly: boolean): number | undefined {
  try {
    return openSync(path, (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
