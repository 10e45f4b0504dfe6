/** Files that appear whole or not at all. */
import { randomUUID } from 'node:crypto';
import {
  createWriteStream,
  openSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
  writeFileSync,
} from 'node:fs';

/** Whoever else writes the same file at the same time: one of them wins. Throws the system's error; nothing is left then. */
export function writeWhole(path: string, content: Uint8Array | string, mode: number): void {
  const written = `${path}.${randomUUID()}`;
  try {
    writeFileSync(written, content, { mode, flag: 'wx' });
    renameSync(written, path);
  } catch (error) {
    removeIfThere(written);
    throw error;
  }
}

/**
 * A file that is written in a stream, and has its name when it is whole. What exists and is no regular file, as a fifo or
 * /dev/stdout, is written to as it is.
 */
export class WholeFile {
  readonly stream: WriteStream;
  readonly #path: string;
  readonly #written: string;

  /** Throws the system's error. */
  constructor(path: string, mode: number) {
    const isSpecial = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
    this.#path = path;
    this.#written = isSpecial ? path : `${path}.${randomUUID()}`;
    const descriptor = openSync(this.#written, isSpecial ? 'w' : 'wx', mode);
    this.stream = createWriteStream(this.#written, { fd: descriptor });
  }

  /** Gives the file its name. Rejects with the system's error. */
  async keep(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.stream.once('error', reject);
      this.stream.end(resolve);
    });
    if (this.#written !== this.#path) renameSync(this.#written, this.#path);
  }

  /** Nothing of it stays. */
  discard(): void {
    this.stream.destroy();
    if (this.#written !== this.#path) removeIfThere(this.#written);
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path);
  } catch {
    // It was never made.
  }
}
