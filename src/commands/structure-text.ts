/** An on-disk structure for people: a heading, and a line a field with its offset, name, value and meaning. */
import { hex } from '../erofs-reader/bytes.js';
import type { OnDiskStructure } from '../report/on-disk-field.js';
import { quoteName } from './quote.js';

const NAME_WIDTH = 24;
const OFFSET_WIDTH = 10;

export function structureText({ name, place, offset, fields }: OnDiskStructure): string[] {
  return [
    `${name} at ${hex(offset)}${place === 'metabox' ? ' of the metabox' : ''}`,
    ...fields.map((field) => {
      const value = typeof field.value === 'string' ? quoteName(Buffer.from(field.value)) : field.value;
      const meaning = field.meaning === undefined ? '' : ` (${field.meaning})`;
      return `${hex(field.offset).padStart(OFFSET_WIDTH)}  ${field.name.padEnd(NAME_WIDTH)}${value}${meaning}`;
    }),
  ];
}
