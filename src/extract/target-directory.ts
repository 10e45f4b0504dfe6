/**
 * A directory being filled, held open: names are resolved from its descriptor (/proc/self/fd/N/name), so that
 * no symbolic link in a parent is ever followed, whoever changes the target meanwhile, and paths have no limit.
 * Everything is made exclusively: what exists is never written through.
 */
import { closeSync, constants, lstatSync, mkdirSync, openSync, rmdirSync, unlinkSync } from 'node:fs';
import { codeOf, ExtractError, targetError } from './errors.js';
import { HAS_DESCRIPTOR_PATHS, type MadeNode } from './made-node.js';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

export class TargetDirectory {
  readonly #descriptor: number;
  readonly #prefix: Buffer;
  /** inodes made here by this run; kept only where files of others may be replaced */
  readonly #made: Set<bigint> | undefined;

  /** `path` must not be a symbolic link. `replace`: what stood here before may be removed. */
  constructor(path: Buffer, replace: boolean) {
    this.#descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    this.#prefix = HAS_DESCRIPTOR_PATHS
      ? Buffer.from(`/proc/self/fd/${this.#descriptor}/`)
      : Buffer.concat([path, Buffer.from('/')]);
    this.#made = replace ? new Set() : undefined;
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  /** For system calls: the path of a name in this directory, or of several joined by "/". */
  pathOf(name: Uint8Array): Buffer {
    return Buffer.concat([this.#prefix, name]);
  }

  /** For system calls: the path of this directory itself. */
  get self(): Buffer {
    return this.pathOf(Buffer.from('.'));
  }

  /**
   * Runs `make`, which must fail with EEXIST where the name exists. Where files may be replaced, what stood there
   * is removed first. Throws ExtractError; `doing` begins its message.
   */
  make<T>(name: Uint8Array, doing: string, make: (path: Buffer) => T): T {
    const path = this.pathOf(name);
    try {
      let made: T;
      try {
        made = make(path);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        this.#removeForeign(path);
        made = make(path);
      }
      this.#made?.add(lstatSync(path, { bigint: true }).ino);
      return made;
    } catch (error) {
      throw error instanceof ExtractError ? error : targetError(doing, error);
    }
  }

  /** Makes and opens a directory in this one; an own directory of the target is taken over where that is allowed. */
  makeDirectory(name: Uint8Array): TargetDirectory {
    const replace = this.#made !== undefined;
    const path = this.pathOf(name);
    return this.make(name, 'making the directory', () => {
      // Only its owner may enter until its own mode is set, after its content.
      if (!(replace && this.#isForeignDirectory(path))) mkdirSync(path, 0o700);
      return new TargetDirectory(path, replace);
    });
  }

  /** This directory, for its attributes: "." is no link, so that its path is one that may be followed or not. */
  get node(): MadeNode {
    return { path: this.self, byDescriptor: HAS_DESCRIPTOR_PATHS };
  }

  /** Removes what this run has just made and cannot finish. */
  discard(name: Uint8Array): void {
    unlinkSync(this.pathOf(name));
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #isForeignDirectory(path: Buffer): boolean {
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return found?.isDirectory() === true && !this.#made!.has(found.ino);
  }

  #removeForeign(path: Buffer): void {
    const found = lstatSync(path, { bigint: true });
    if (this.#made === undefined || this.#made.has(found.ino)) {
      throw new ExtractError(
        'name-exists',
        'the name exists already: the image has it twice, or the target does not tell upper from lower case',
      );
    }
    if (found.isDirectory()) rmdirSync(path);
    else unlinkSync(path);
  }
}
