/** Inodes whose fields stand at their borders, and names that are hard to carry: an image for reader and mounts. */
import type { ImageSpec } from './image-writer.js';
import { flat, hole, inline } from './image-writer-body.js';
import { device, directory, fifo, file, type NodeSpec, symlink } from './image-writer-node.js';

const longName = 'n'.repeat(255);
/** A second name of 255 bytes that differs in the last one alone. */
const longName2 = `${'n'.repeat(254)}o`;

/** UTF-8 cut off, bytes that it never has, and bytes on both sides of "." in the order of names. */
export const strangeNames: readonly Uint8Array[] = [
  [0xff, 0xfe],
  [0x80],
  [0x66, 0xc3],
  [0x01],
  [0x20],
  [0x21],
  [0x2d, 0x2d],
  [0x2d],
  [0x2e, 0x2d],
  [0x2e, 0x2e, 0x2e],
  [0x2e, 0x2e, 0x01],
  [0x2e, 0x01],
  [0x0a],
  [0x7f],
].map((codes) => Uint8Array.from(codes));

/** 2106-02-07, where seconds of 32 bits end, and what lies on both sides of other borders. */
const times: Readonly<Record<string, readonly [seconds: number, nanoseconds: number]>> = {
  'before-1970': [-1, 999_999_999],
  'long-before-1970': [-62_135_596_800, 1],
  'at-1970': [0, 0],
  'at-2038': [2 ** 31, 500_000_000],
  'after-2106': [2 ** 32 + 1, 123_456_789],
  'year-9999': [253_402_300_799, 999_999_999],
};

export const epoch = 1_700_000_000;

/** Fields of inodes at their borders, and names. */
export function attributeImage(): ImageSpec {
  const strange = (fields: { dotOmitted?: boolean; inline?: boolean; compact?: boolean }): NodeSpec =>
    directory(
      strangeNames.map((name) => [name, file(name)] as const),
      fields,
    );
  const twice = file('twice');
  return {
    blockBits: 9,
    is48Bit: true,
    epoch,
    fixedNanoseconds: 987_654_321,
    root: directory({
      [longName]: file('long'),
      [longName2]: file('long too'),
      strange: strange({}),
      'strange-dot-omitted': strange({ dotOmitted: true }),
      'strange-dot-omitted-compact': strange({ dotOmitted: true, inline: true, compact: true }),
      'empty-dot-omitted': directory({}, { dotOmitted: true, inline: true }),
      'link-4096': symlink(flat('y'.repeat(4096))),
      'link-4095': symlink(flat('x'.repeat(4095))),
      'link-4000': symlink(inline('x'.repeat(4000))),
      'link-1': symlink('x'),
      'nlink-65536': file('many', { nlink: 65_536 }),
      'nlink-2^32-1': file('most', { nlink: 2 ** 32 - 1 }),
      'nlink-0': file('none', { nlink: 0 }),
      'nlink-compact': file('65535', { compact: true, nlink: 65_535 }),
      'owner-65536': file('', { uid: 65_536, gid: 65_537 }),
      'owner-2^32-2': file('', { uid: 2 ** 32 - 2, gid: 2 ** 32 - 2 }),
      'owner-2^32-1': file('', { uid: 2 ** 32 - 1, gid: 2 ** 32 - 1 }),
      'owner-compact': file('', { compact: true, uid: 65_535, gid: 65_534 }),
      'time-compact': file('', { compact: true, seconds: 12_345 }),
      'time-compact-late': file('', { compact: true, seconds: 2 ** 32 - 1 }),
      ...Object.fromEntries(
        Object.entries(times).map(([name, [seconds, nanoseconds]]) => [
          name,
          file('', { seconds, nanoseconds }),
        ]),
      ),
      'character-4095-1048575': device('character', 4095, 1_048_575),
      'block-259-65536': device('block', 259, 65_536),
      'block-compact': device('block', 8, 300, { compact: true, nlink: 1 }),
      whiteout: device('character', 0, 0),
      fifo: fifo({ compact: true }),
      'hard-link-1': twice,
      'hard-link-2': twice,
      'compact-far': file(flat('far!', 2 ** 32 + 7), { compact: true }),
      'hole-compact': file(hole(70_000), { compact: true }),
      'hole-extended': file(hole(70_000)),
      modes: file('', { permissions: 0o7777 }),
    }),
  };
}
