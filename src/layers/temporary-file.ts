/** A file without a name: its room is given back when it is closed, or whoever has it dies. */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCacheDirectory } from '../cache/cache-directory.js';
import { FileSource } from '../cache/file-source.js';

export class TemporaryFile {
  /** bytes written */
  size = 0;
  readonly #descriptor: number;

  /** Beside the cache, or where that cannot be written, which its store reports, where the system has such files. Throws the system's error. */
  constructor(cacheDirectory: string) {
    try {
      this.#descriptor = openUnnamed(openCacheDirectory(cacheDirectory));
    } catch {
      const folder = mkdtempSync(join(tmpdir(), 'erofs-'));
      try {
        this.#descriptor = openUnnamed(folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  }

  /** Throws the system's error. */
  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    this.size += bytes.length;
  }

  /** The bytes so far; closing the source closes the file. */
  intoSource(name: string): FileSource {
    return new FileSource(name, this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function openUnnamed(folder: string): number {
  // as what is half made in a cache is named, so that what a crash leaves at this moment is removed like it
  const path = join(folder, `.${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return descriptor;
}
