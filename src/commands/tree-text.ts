/** `erofs tree` for people, as tree(1) writes it. */
import type { TreeCounts, TreeLine } from '../report/tree-listing.js';
import { coloured, mayColour } from './colours.js';
import { counted } from './counted.js';
import { byteString, byteStringOf, type Output } from './output.js';
import { quoteName } from './quote.js';
import { shortSize, sizeText } from './size-text.js';

export interface TreeStyle {
  /** sizes in bytes, or in units */
  readonly size: boolean;
  readonly humanReadable: boolean;
}

/** Digits that tree(1) leaves for a size in bytes, and for one in units. */
const BYTES_WIDTH = 11;
const UNITS_WIDTH = 5;

export class TreePrinter {
  readonly #output: Output;
  readonly #style: TreeStyle;
  readonly #colours: boolean;

  constructor(output: Output, style: TreeStyle) {
    this.#output = output;
    this.#style = style;
    this.#colours = mayColour(output);
  }

  line({ branch, name, attr, target }: TreeLine): Promise<void> | undefined {
    const shown = this.#shown(name);
    const named = this.#colours ? coloured(shown, attr.mode) : shown;
    const arrow = target === undefined ? '' : ` -> ${this.#shown(target)}`;
    return this.#output.line(`${byteString(branch)}${this.#size(attr.size)}${named}${arrow}`);
  }

  async totals({ directories, files, bytes }: TreeCounts): Promise<void> {
    const { size, humanReadable } = this.#style;
    const sum = size || humanReadable ? `, ${sizeText(bytes)}` : '';
    await this.#output.line('');
    await this.#output.line(
      `${counted(directories, 'directory', 'directories')}, ${counted(files, 'file')}${sum}`,
    );
  }

  #size(bytes: number): string {
    if (this.#style.humanReadable) return `[${shortSize(bytes).padStart(UNITS_WIDTH)}]  `;
    return this.#style.size ? `[${String(bytes).padStart(BYTES_WIDTH)}]  ` : '';
  }

  #shown(bytes: Uint8Array): string {
    return this.#output.isTerminal ? byteString(quoteName(bytes)) : byteStringOf(bytes);
  }
}
