/** Lines of `ls -l`: mode, links, owner, group, size or device number, time, name. Columns align in a block of lines. */
import type { Attr } from '../tree/tree.js';
import { isDevice, modeString } from './mode-string.js';
import { timeToSeconds } from './time-string.js';

/** All but the name; `undefined` where the inode could not be read. */
export function longColumns(attr: Attr | undefined): string[] {
  if (attr === undefined) return ['??????????', '?', '?', '?', '?', '?'];
  return [
    modeString(attr.mode),
    String(attr.nlink),
    String(attr.uid),
    String(attr.gid),
    isDevice(attr.mode) ? `${attr.major}, ${attr.minor}` : String(attr.size),
    timeToSeconds(attr.mtimeSeconds),
  ];
}

/** One width a column, growing with every row that it measures. */
export class ColumnWidths {
  readonly #widths: number[] = [];

  measure(columns: readonly string[]): void {
    for (let index = 0; index < columns.length; index++) {
      this.#widths[index] = Math.max(this.#widths[index] ?? 0, columns[index]!.length);
    }
  }

  /** Aligned to the right, one space between. */
  align(columns: readonly string[]): string {
    let line = '';
    for (let index = 0; index < columns.length; index++) {
      line += `${index === 0 ? '' : ' '}${columns[index]!.padStart(this.#widths[index] ?? 0)}`;
    }
    return line;
  }
}
