/** Files of a layout, wherever they lie: in a folder, or as members of an archive that is read without unpacking it. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RegistryError } from './errors.js';

export interface FilePart {
  /** absolute */
  readonly path: string;
  /** bytes */
  readonly offset: number;
  readonly size: number;
}

export interface NamedFiles {
  /** of the folder or archive */
  readonly path: string;
  /** undefined where there is none; throws the system's error */
  find(name: string): FilePart | undefined;
}

export class FolderFiles implements NamedFiles {
  readonly path: string;

  /** `path` is absolute. */
  constructor(path: string) {
    this.path = path;
  }

  find(name: string): FilePart | undefined {
    const path = join(this.path, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat?.isFile() ? { path, offset: 0, size: stat.size } : undefined;
  }
}

/** All of it. Throws RegistryError 'corrupt' where it has more than `limit` bytes or is cut off, or the system's error. */
export function readPart({ path, offset, size }: FilePart, limit: number, place: string): Uint8Array {
  if (size > limit) {
    throw new RegistryError('corrupt', `${place} has ${size} bytes; no more than ${limit} are read of it`);
  }
  const bytes = new Uint8Array(size);
  const file = openSync(path, 'r');
  try {
    if (readFully(file, bytes, offset) === size) return bytes;
  } finally {
    closeSync(file);
  }
  throw new RegistryError(
    'corrupt',
    `${place} is cut off: ${size} bytes from ${offset} on were expected in ${path}`,
  );
}

/** How many bytes there are, up to the length of `bytes`. Throws the system's error. */
export function readFully(file: number, bytes: Uint8Array, offset: number): number {
  let read = 0;
  while (read < bytes.length) {
    const count = readSync(file, bytes, read, bytes.length - read, offset + read);
    if (count === 0) break;
    read += count;
  }
  return read;
}
