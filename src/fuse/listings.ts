/**
 * The regular files of the directories that were listed last, in the order of their listing, shared by all pumps of a mount.
 *
 * LAW: a hint and nothing else. Pumps write it side by side without a lock; whatever stands here, a file's own bytes are read.
 */
import type { NodeId } from '../tree/tree.js';

const DIRECTORIES = 64;
/** of one directory; what is listed beyond is not followed */
const FILES = 2048;
/** files given ahead of the reader: doubles with each file that is read in order */
const FIRST_WINDOW = 2;
const LARGEST_WINDOW = 64;

export const NOT_LISTED = -1;

/** Fields of one directory. */
const COUNT = 0;
/** the file behind the one that was read last */
const NEXT = 1;
/** the file behind the last one that was given */
const GIVEN = 2;
const WINDOW = 3;
const FIELDS = 4;

/** Shared memory; zeros to begin with. */
export function listingMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(DIRECTORIES * (8 + FILES * 8 + FIELDS * 4) + 8);
}

export class Listings {
  /** node ids, the directory's own first in each row */
  readonly #nodes: Float64Array;
  readonly #fields: Int32Array;
  /** [0]: rows taken so far */
  readonly #taken: Int32Array;
  /** the row that this thread is filling */
  #row = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#nodes = new Float64Array(memory, 0, DIRECTORIES * (1 + FILES));
    this.#fields = new Int32Array(memory, this.#nodes.byteLength, DIRECTORIES * FIELDS);
    this.#taken = new Int32Array(memory, this.#nodes.byteLength + this.#fields.byteLength, 1);
  }

  /** The directory is listed from its start, or on from where it was. */
  begin(directory: NodeId, isStart: boolean): void {
    const known = this.#rowOf(directory);
    if (known !== NOT_LISTED && !isStart) {
      this.#row = known;
      return;
    }
    this.#row = known === NOT_LISTED ? (Atomics.add(this.#taken, 0, 1) & 0x7fffffff) % DIRECTORIES : known;
    this.#nodes[this.#row * (1 + FILES)] = directory;
    this.#fields.fill(0, this.#row * FIELDS, (this.#row + 1) * FIELDS);
  }

  /** Its next regular file. */
  add(file: NodeId): void {
    const at = this.#row * FIELDS + COUNT;
    const count = this.#fields[at]!;
    if (count === FILES) return;
    this.#nodes[this.#row * (1 + FILES) + 1 + count] = file;
    this.#fields[at] = count + 1;
  }

  /**
   * A file is read from its start. Where it follows, in its directory, the one that was read before it, returns a place for
   * take().
   */
  follow(file: NodeId): number {
    for (let row = 0; row < DIRECTORIES; row++) {
      const fields = row * FIELDS;
      const count = this.#fields[fields + COUNT]!;
      const next = this.#fields[fields + NEXT]!;
      const limit = Math.min(count, Math.max(next, this.#fields[fields + GIVEN]!) + 1);
      for (let index = next; index < limit; index++) {
        if (this.#nodes[row * (1 + FILES) + 1 + index] !== file) continue;
        this.#fields[fields + NEXT] = index + 1;
        const window = this.#fields[fields + WINDOW]!;
        this.#fields[fields + WINDOW] = Math.min(LARGEST_WINDOW, Math.max(FIRST_WINDOW, window * 2));
        if (this.#fields[fields + GIVEN]! <= index) this.#fields[fields + GIVEN] = index + 1;
        return row;
      }
    }
    return NOT_LISTED;
  }

  /** The next file to give, or undefined where the window is full. */
  take(row: number): NodeId | undefined {
    const fields = row * FIELDS;
    const end = Math.min(
      this.#fields[fields + COUNT]!,
      this.#fields[fields + NEXT]! + this.#fields[fields + WINDOW]!,
    );
    const index = Atomics.add(this.#fields, fields + GIVEN, 1);
    if (index < end) return this.#nodes[row * (1 + FILES) + 1 + index];
    Atomics.sub(this.#fields, fields + GIVEN, 1);
    return undefined;
  }

  #rowOf(directory: NodeId): number {
    for (let row = 0; row < DIRECTORIES; row++) {
      if (this.#nodes[row * (1 + FILES)] === directory) return row;
    }
    return NOT_LISTED;
  }
}
