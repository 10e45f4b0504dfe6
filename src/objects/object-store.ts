/**
 * A directory of objects, held open: objects are found from its descriptor, name by name.
 *
 * LAW: no symbolic link is ever followed, nothing but regular files is read, and nothing above the directory is
 * reached, whoever changes it meanwhile: a reader may serve files that others may not open themselves.
 */
import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import { FileSource } from '../cache/file-source.js';
import type { Source } from '../cache/source.js';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Linux; elsewhere names are resolved by path, one at a time. */
const HAS_DESCRIPTOR_PATHS = existsSync('/proc/self/fd');

const SLASH = Buffer.from('/');

export class ObjectStore {
  readonly path: string;
  readonly #descriptor: number;

  /** `path` is absolute. Throws the system's error: ENOENT, ENOTDIR, EACCES, … */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, O_RDONLY | O_DIRECTORY);
  }

  /** Throws the system's error; code 'ELOOP' or 'ENOTDIR' for a symbolic link, 'EINVAL' for what is no regular file. */
  open(path: readonly Uint8Array[]): Source {
    const name = nameOf(this.path, path);
    let directory = this.#descriptor;
    let directoryPath = Buffer.from(this.path);
    try {
      for (const [depth, part] of path.entries()) {
        const from = HAS_DESCRIPTOR_PATHS ? Buffer.from(`/proc/self/fd/${directory}`) : directoryPath;
        const at = Buffer.concat([from, SLASH, part]);
        if (depth === path.length - 1) return openRegular(at, name);
        const next = openSync(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        this.#closeBelow(directory);
        directory = next;
        directoryPath = Buffer.concat([directoryPath, SLASH, part]);
      }
    } finally {
      this.#closeBelow(directory);
    }
    throw new RangeError('the path of an object has no parts');
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #closeBelow(directory: number): void {
    if (directory !== this.#descriptor) closeSync(directory);
  }
}

/** For messages. */
export function nameOf(store: string, path: readonly Uint8Array[]): string {
  return [store, ...path.map((part) => Buffer.from(part).toString())].join('/');
}

function openRegular(at: Buffer, name: string): Source {
  // Without O_NONBLOCK the opening of a fifo waits for a writer that may never come.
  const descriptor = openSync(at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (fstatSync(descriptor).isFile()) return new FileSource(name, descriptor);
    throw Object.assign(new Error(`${name} is no regular file`), { code: 'EINVAL', path: name });
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
