/** Many ranges of one blob as few. Pure. */
import type { BlobRange } from '../cache/source.js';

/** In ascending order; those that overlap, or leave at most `gap` bytes between them, become one. Ranges of 0 bytes vanish. */
export function mergeRanges(ranges: readonly BlobRange[], gap: number): BlobRange[] {
  const merged: { readonly offset: number; length: number }[] = [];
  const ascending = ranges.filter(({ length }) => length > 0).sort((a, b) => a.offset - b.offset);
  for (const { offset, length } of ascending) {
    const last = merged.at(-1);
    if (last !== undefined && offset - (last.offset + last.length) <= gap) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else {
      merged.push({ offset, length });
    }
  }
  return merged;
}
