/** A device cut into cells of equal size, and how many bytes of each kind lie in each; a byte counts for the first that claims it. */
import { Intervals } from '../report/intervals.js';
import type { BlockKind, ShownBlocks } from './shapes.js';

/** Cells that a page can show, as 64 columns of 32. */
const CELLS = 2048;

/** Bytes of a cell of a device of `size` bytes; a power of two, so that blocks lie in one cell. */
export function cellSize(size: number): number {
  let bytes = 512;
  while (bytes * CELLS < size) bytes *= 2;
  return bytes;
}

export class BlockCells {
  readonly size: number;
  readonly cellSize: number;
  readonly #met = new Intervals();
  readonly #kinds = new Map<BlockKind, Float64Array>();

  /** `size` of the device in bytes. */
  constructor(size: number) {
    this.size = size;
    this.cellSize = cellSize(size);
  }

  /** What lies beyond the end of the device is left out. */
  add(kind: BlockKind, start: number, end: number): void {
    this.#met.add(start, Math.min(end, this.size), (from, to) => this.#fill(this.#cellsOf(kind), from, to));
  }

  kinds(): ShownBlocks['kinds'] {
    return [...this.#kinds].map(([kind, cells]) => ({
      kind,
      bytes: cells.reduce((sum, bytes) => sum + bytes, 0),
      cells: [...cells],
    }));
  }

  #cellsOf(kind: BlockKind): Float64Array {
    const cells = this.#kinds.get(kind) ?? new Float64Array(Math.ceil(this.size / this.cellSize));
    this.#kinds.set(kind, cells);
    return cells;
  }

  #fill(cells: Float64Array, from: number, to: number): void {
    for (let at = from; at < to; ) {
      const cell = Math.floor(at / this.cellSize);
      const end = Math.min(to, (cell + 1) * this.cellSize);
      cells[cell]! += end - at;
      at = end;
    }
  }
}
