/**
 * How often the parts of what a mount reads were read: its local files and blobs, each cut into equal cells.
 *
 * LAW: as of this room. Where nobody has asked for the memory nothing is counted, which is so wherever nothing is mounted; with it a
 * read costs an addition for each cell that it touches. All threads of a process count in the same memory.
 */

/** Of each file or blob. */
export const HEAT_CELLS = 1024;
/** Files and blobs; the reads of more are not counted. */
const PLACES = 16;
/** in front of the cells: whose they are */
const HEAD = 1;
const PLACE = HEAD + HEAT_CELLS;

/** Reads by cell since the start. */
export interface ReadCells {
  /** of the id of the file or blob: heatKey() */
  readonly key: number;
  readonly cells: readonly number[];
}

/** The reads of one file or blob. */
export class Heat {
  readonly #key: number;
  readonly #cellSize: number;
  #cells: Int32Array | undefined;

  /** `size` in bytes. */
  constructor(id: string, size: number, memory: SharedArrayBuffer | undefined) {
    this.#key = heatKey(id);
    this.#cellSize = heatCellSize(size);
    if (memory !== undefined) this.countIn(memory);
  }

  /** The bytes from `offset` on were read. */
  note(offset: number, length: number): void {
    const cells = this.#cells;
    if (cells === undefined || length === 0) return;
    const last = Math.floor((offset + length - 1) / this.#cellSize);
    for (let cell = Math.floor(offset / this.#cellSize); cell <= last; cell++) Atomics.add(cells, cell, 1);
  }

  countIn(memory: SharedArrayBuffer): void {
    const words = new Int32Array(memory);
    for (let place = 0; place < PLACES; place++) {
      const owner = Atomics.compareExchange(words, place * PLACE, 0, this.#key);
      if (owner !== 0 && owner !== this.#key) continue;
      this.#cells = words.subarray(place * PLACE + HEAD, (place + 1) * PLACE);
      return;
    }
  }
}

export class ReadHeat {
  #memory: SharedArrayBuffer | undefined;
  /** those that were opened before there was memory */
  #waiting: WeakRef<Heat>[] = [];

  /** For the other threads of this process; from now on it is counted. */
  get memory(): SharedArrayBuffer {
    if (this.#memory === undefined) {
      this.join(new SharedArrayBuffer(PLACES * PLACE * Int32Array.BYTES_PER_ELEMENT));
    }
    return this.#memory!;
  }

  /** From now on this thread counts in what another one has given it. */
  join(memory: SharedArrayBuffer): void {
    this.#memory = memory;
    for (const heat of this.#waiting.splice(0)) heat.deref()?.countIn(memory);
  }

  /** Of the file or blob of this id, which has `size` bytes. */
  of(id: string, size: number): Heat {
    const heat = new Heat(id, size, this.#memory);
    if (this.#memory === undefined) this.#waiting.push(new WeakRef(heat));
    return heat;
  }
}

/** The heat of this thread: a process serves one mount. */
export const readHeat = new ReadHeat();

/** What all threads have counted, of each file and blob. */
export function readCells(memory: SharedArrayBuffer): ReadCells[] {
  const words = new Int32Array(memory);
  const found: ReadCells[] = [];
  for (let place = 0; place < PLACES; place++) {
    const key = Atomics.load(words, place * PLACE);
    if (key === 0) continue;
    found.push({ key, cells: [...words.subarray(place * PLACE + HEAD, (place + 1) * PLACE)] });
  }
  return found;
}

/** Bytes of a cell of a file or blob of `size` bytes; the last one is as long as it gets. */
export const heatCellSize = (size: number): number => Math.max(1, Math.ceil(size / HEAT_CELLS));

/** FNV-1a, never 0. */
export function heatKey(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash | 1;
}
