/** The images that rows share: each has what its rows need, and every row a directory between good neighbours. */

import { type ImageSpec, type WrittenImage, writeImage } from '../support/image-writer.js';
import { raw } from '../support/image-writer-body.js';
import { directory, file, type NodeSpec, type Target } from '../support/image-writer-node.js';
import { SparseBytes } from '../support/image-writer-sparse.js';
import { XattrIndex, xattr } from '../support/image-writer-xattr.js';
import type { Row } from './row.js';

const BLOCK = 4096;

/** The packed inode of `coded`: "packed 0000 packed 0001 …", 11 bytes each. */
export const packedText = Array.from({ length: 500 }, (_, n) => `packed ${`${n}`.padStart(4, '0')}`).join('');

/** Blocks of each of two devices, and where they are mapped: over each other by a block. */
const DEVICES = [
  { blocks: 4, uniaddr: 100_000 },
  { blocks: 4, uniaddr: 100_003 },
] as const;

const wholeFragment = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80);

const specs = {
  /** no compression, no fragments, no devices */
  plain: { metaBlock: 1, nameFilter: true },
  /** every algorithm, 48-bit addresses, fragments */
  coded: {
    metaBlock: 1,
    is48Bit: true,
    algorithms: 0b1111,
    packed: new TextEncoder().encode(packedText),
  },
  /** the packed inode is a fragment itself */
  'fragments in fragments': {
    algorithms: 0b0001,
    packed: raw({ layout: 1, size: 100, attached: wholeFragment, unit: 8 }),
  },
  devices: { metaBlock: 1, devices: DEVICES },
  metabox: { is48Bit: true },
} as const satisfies Readonly<Record<string, Omit<ImageSpec, 'root'>>>;

export type WorldName = keyof typeof specs;
export const worldNames = Object.keys(specs) as WorldName[];

/** What `erofs verify` says of the image as a whole. */
export const findsOfWhole: Readonly<Record<WorldName, readonly string[]>> = {
  plain: [],
  coded: [],
  'fragments in fragments': ['bad-extent'],
  devices: ['device-overlap'],
  metabox: [],
};

/** The good files before and behind a row's `x`, and what they hold. */
export const neighbours = (row: Row): Readonly<Record<string, string>> => ({
  before: `before ${row.name}`,
  'x, and behind it': `behind ${row.name}`,
});

export interface World {
  readonly image: WrittenImage;
  /** the extra devices */
  readonly devices: readonly SparseBytes[];
}

export function worldOf(name: WorldName, rows: readonly Row[]): World {
  const spec: Omit<ImageSpec, 'root'> = specs[name];
  const metabox = name === 'metabox';
  const entries = rows.map((row): [string, NodeSpec] => {
    const good = Object.entries(neighbours(row)).map(([name, text]): [string, Target] => [
      name,
      file(text, { metabox, xattrs: [xattr(XattrIndex.user, 'good', name, !metabox)] }),
    ]);
    return [row.name, directory({ ...Object.fromEntries(good), x: row.x, ...row.beside }, {})];
  });
  return {
    image: writeImage({ ...spec, root: directory(Object.fromEntries(entries)) }),
    devices: (spec.devices ?? []).map(({ blocks }, n) => deviceBytes(n + 1, blocks)),
  };
}

function deviceBytes(device: number, blocks: number): SparseBytes {
  const bytes = new SparseBytes();
  bytes.write(0, Buffer.alloc(blocks * BLOCK, `device ${device}....... `.slice(0, 16)));
  return bytes;
}
