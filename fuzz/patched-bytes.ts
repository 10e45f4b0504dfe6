/** A base with edits in it: made in place and undone, since copying an image takes longer than reading what was changed in it. */
import type { Edit } from './input.js';

const isInPlace = ({ remove, bytes }: Edit): boolean => remove === bytes.length;

export class PatchedBytes {
  readonly #base: Uint8Array;
  readonly #undo: Edit[] = [];

  /** `base` is changed until undo() is called. */
  constructor(base: Uint8Array) {
    this.#base = base;
  }

  /** The base with the edits, which is borrowed until undo(). Edits that reach beyond the base are cut off there. */
  apply(edits: readonly Edit[]): Uint8Array {
    for (const edit of edits) if (isInPlace(edit)) this.#replace(edit);
    const resizing = edits.filter((edit) => !isInPlace(edit));
    return resizing.length === 0 ? this.#base : this.#resized(resizing);
  }

  undo(): void {
    for (let edit = this.#undo.pop(); edit !== undefined; edit = this.#undo.pop()) {
      this.#base.set(edit.bytes, edit.at);
    }
  }

  #replace({ at, bytes }: Edit): void {
    const room = this.#base.length - at;
    if (room <= 0) return;
    const fitting = bytes.length > room ? bytes.subarray(0, room) : bytes;
    this.#undo.push({ at, remove: 0, bytes: this.#base.slice(at, at + fitting.length) });
    this.#base.set(fitting, at);
  }

  /** From the last to the first, so that none moves the place of another; those that overlap are left out. */
  #resized(edits: readonly Edit[]): Uint8Array {
    const parts: Uint8Array[] = [];
    let end = this.#base.length;
    for (const { at, remove, bytes } of edits.toSorted((a, b) => b.at - a.at)) {
      if (at + remove > end) continue;
      parts.unshift(bytes, this.#base.subarray(at + remove, end));
      end = at;
    }
    if (parts.length === 2 && parts.every(({ length }) => length === 0)) return this.#base.subarray(0, end);
    return new Uint8Array(Buffer.concat([this.#base.subarray(0, end), ...parts]));
  }
}
