/** Directories: their blocks, their names, and where names lead. */
import { S_IFDIR } from '../../src/erofs-reader/layout.js';
import { flat, flatSparse, hole, raw } from '../support/image-writer-body.js';
import { directory, type Entries, file, type NodeSpec, type Target } from '../support/image-writer-node.js';
import type { Row } from './row.js';

const DIRENT = 12;

/** Two names behind "." and "..", as the entries 2 and 3. */
const two = { one: file('1'), two: file('2') };
const edited = (edit: (data: DataView) => void): NodeSpec => directory(two, { inline: true, edit });
const self: Target = { to: 'self' };
const parent: Target = { to: 'parent' };
const dots = [
  ['.', self],
  ['..', parent],
] as const;
const asGiven = (...entries: readonly (readonly [string, Target])[]): NodeSpec =>
  directory(entries as Entries, { asGiven: true, inline: true });

const nameoff = (data: DataView, entry: number): number => data.getUint16(entry * DIRENT + 8, true);
const setNameoff = (entry: number, value: number) =>
  edited((data) => data.setUint16(entry * DIRENT + 8, value, true));

const sized = (size: bigint): NodeSpec =>
  directory(two, { patch: (inode) => inode.setBigUint64(8, size, true) });

/** In reach of nothing that the writer places by itself. */
const FAR_NID = 200_000;
const loop = { list: ['loop'] } as const;

export const directoryRows: readonly Row[] = [
  // The reader knows no paths and shows what a name leads to; the kernel in front of a mount refuses a directory below itself.
  {
    name: 'a directory that contains itself',
    world: 'plain',
    x: directory({ loop: self }),
    shows: { x: loop, 'x/loop/loop/loop': loop },
    mounted: { 'x/loop': { stat: 'ELOOP' }, 'x/loop/loop/loop': { stat: 'ELOOP' } },
    finds: ['directory-twice'],
    notExtracted: ['x/loop'],
  },
  {
    name: 'a directory that contains the one above it',
    world: 'plain',
    x: directory({ loop: parent }),
    shows: { 'x/loop/x': loop },
    mounted: { 'x/loop': { stat: 'ELOOP' }, 'x/loop/x': { stat: 'ELOOP' } },
    finds: ['directory-twice'],
    notExtracted: ['x/loop'],
  },
  {
    name: 'a directory that contains the root',
    world: 'plain',
    x: directory({ loop: { to: 'root' } }),
    shows: { 'x/loop/a directory that contains the root/x': loop },
    mounted: {
      'x/loop': { stat: 'ELOOP' },
      'x/loop/a directory that contains the root/x': { stat: 'ELOOP' },
    },
    finds: ['directory-twice'],
    notExtracted: ['x/loop'],
  },
  {
    name: 'a directory that contains one two levels above it',
    world: 'plain',
    x: directory({ a: directory({ b: directory({ loop: parent }) }) }),
    shows: { 'x/a/b/loop/b': loop },
    mounted: { 'x/a/b/loop': { stat: 'ELOOP' }, 'x/a/b/loop/b': { stat: 'ELOOP' } },
    finds: ['directory-twice'],
    notExtracted: ['x/a/b/loop'],
  },

  {
    name: 'a name with a slash',
    world: 'plain',
    x: directory({ 'a/b': file('evil'), good: file('good') }),
    shows: { x: { list: ['good'] }, 'x/good': { read: 'good' } },
    says: /name with a slash/,
    finds: ['bad-name'],
    notExtracted: [''],
  },
  {
    name: 'names that lead out',
    world: 'plain',
    x: directory({ '../out': file('evil'), '/out': file('evil'), good: file('good') }),
    shows: { x: { list: ['good'] } },
    says: /name with a slash/,
    finds: ['bad-name'],
    notExtracted: [''],
  },
  {
    name: 'a name with a NUL',
    world: 'plain',
    x: directory({ 'a\0b': file('evil'), good: file('good') }),
    shows: { x: { list: ['good'] } },
    says: /name with a NUL/,
    finds: ['bad-name'],
    notExtracted: [''],
  },
  {
    // A NUL ends the last name of a block: what stands behind it is padding, to Linux as well.
    name: 'a NUL in the last name',
    world: 'plain',
    x: directory({ 'cut\0off': file('cut') }),
    shows: { x: { list: ['cut'] }, 'x/cut': { read: 'cut' } },
    finds: ['bad-name'],
    notExtracted: [],
  },
  {
    name: 'a name without bytes',
    world: 'plain',
    x: asGiven(['', file('evil')], ...dots, ['good', file('good')]),
    shows: { x: { list: 'EUCLEAN' } },
    says: /name at bytes (\d+) to \1 of a block/,
    finds: ['bad-name'],
  },
  {
    name: 'a name of 256 bytes',
    world: 'plain',
    x: directory({ ['n'.repeat(256)]: file('1'), z: file('z') }),
    shows: { x: { list: 'EUCLEAN' } },
    says: /name at bytes/,
    finds: ['bad-name'],
  },
  {
    name: '".." that is a file',
    world: 'plain',
    x: asGiven(['.', self], ['..', file('evil')]),
    shows: { x: { list: [] } },
    finds: ['bad-dot'],
    notExtracted: ['x/..'],
  },
  {
    name: '".." that leads elsewhere',
    world: 'plain',
    x: asGiven(['.', self], ['..', self], ['one', file('1')]),
    shows: { x: { list: ['one'] }, 'x/one': { read: '1' } },
    finds: ['bad-dot'],
  },
  {
    name: 'no ".."',
    world: 'plain',
    x: asGiven(['.', self], ['one', file('1')]),
    shows: { x: { list: ['one'] }, 'x/one': { read: '1' } },
    finds: ['bad-dot'],
  },
  {
    name: 'no "."',
    world: 'plain',
    x: asGiven(['..', parent], ['one', file('1')]),
    shows: { x: { list: ['one'] }, 'x/one': { read: '1' } },
    finds: ['bad-dot'],
  },
  {
    // Not found where a search for sorted names ends elsewhere, as in Linux; a mount has told the kernel with the listing.
    name: 'names that are not sorted',
    world: 'plain',
    x: asGiven(...dots, ['two', file('2')], ['one', file('1')]),
    shows: { x: { list: ['two', 'one'] }, 'x/one': { stat: 'ENOENT' }, 'x/two': { read: '2' } },
    mounted: { 'x/one': { read: '1' } },
    finds: ['unsorted-names'],
    notExtracted: [],
  },
  {
    name: 'one name twice',
    world: 'plain',
    x: asGiven(...dots, ['one', file('1')], ['one', file('2')]),
    shows: { x: { list: ['one', 'one'] } },
    finds: ['duplicate-name'],
    notExtracted: ['x/one'],
  },
  {
    name: 'names that overlap',
    world: 'plain',
    x: edited((data) => data.setUint16(3 * DIRENT + 8, nameoff(data, 2) - 1, true)),
    shows: { x: { list: 'EUCLEAN' } },
    says: /entry 2 .*name at bytes/,
    finds: ['bad-directory'],
  },
  {
    name: 'a name among the entries',
    world: 'plain',
    x: setNameoff(3, DIRENT),
    shows: { x: { list: 'EUCLEAN' } },
    says: /name at bytes/,
    finds: ['bad-directory'],
  },
  ...[0, 11, 13, 0xffff].map(
    (first): Row => ({
      name: `first nameoff ${first}`,
      world: 'plain',
      x: setNameoff(0, first),
      shows: { x: { list: 'EUCLEAN' }, 'x/one': { stat: 'EUCLEAN' } },
      says: new RegExp(`first nameoff ${first} in`),
      finds: ['bad-directory'],
    }),
  ),
  {
    name: 'a last name beyond the block',
    world: 'plain',
    x: setNameoff(3, 0xfff0),
    shows: { x: { list: 'EUCLEAN' } },
    says: /name at bytes \d+ to 65520/,
    finds: ['bad-directory'],
  },

  {
    name: 'a nid of 2^62',
    world: 'plain',
    x: directory({ good: file('good'), lost: { toNid: 1n << 62n } }),
    shows: { x: { list: ['good'] }, 'x/lost': { stat: 'EUCLEAN' }, 'x/good': { read: 'good' } },
    says: /outside any image/,
    finds: ['bad-nid'],
    notExtracted: [''],
  },
  {
    name: 'a nid beyond the image',
    world: 'plain',
    x: { toNid: 1n << 40n },
    shows: { x: { stat: 'EUCLEAN' } },
    says: /lies beyond the image/,
    finds: ['bad-inode'],
  },
  {
    name: 'a nid in the middle of an inode',
    world: 'plain',
    x: { toNid: BigInt(FAR_NID + 1) },
    beside: { whole: file('whole', { nid: FAR_NID, nlink: 1 }) },
    shows: { x: { stat: 'EUCLEAN' }, whole: { read: 'whole' } },
    says: /mode 0 has no file type/,
    finds: ['bad-inode'],
  },
  {
    name: 'a nid in the middle of data',
    world: 'plain',
    x: { toNid: BigInt(FAR_NID + 102) },
    beside: { text: file('Q'.repeat(64), { nid: FAR_NID + 100 }) },
    shows: { x: { stat: 'EOPNOTSUPP' }, text: { read: 'Q'.repeat(64) } },
    says: /unknown i_format 0x5151/,
    finds: ['bad-inode'],
  },
  {
    name: 'a nid of a metabox that is not there',
    world: 'plain',
    x: { toNid: (1n << 63n) | 3n },
    shows: { x: { stat: 'EUCLEAN' } },
    says: /a metabox nid in an image without a metabox/,
    finds: ['bad-inode'],
  },

  {
    name: 'a directory of 2^62 bytes',
    world: 'plain',
    x: sized(1n << 62n),
    shows: { x: { stat: 'EUCLEAN' } },
    says: /i_size is 0x4000000000000000/,
    finds: ['bad-inode'],
  },
  {
    name: 'a directory of -1 bytes',
    world: 'plain',
    x: sized((1n << 64n) - 1n),
    shows: { x: { stat: 'EUCLEAN' } },
    says: /i_size is negative/,
    finds: ['bad-inode'],
  },
  {
    name: 'a directory of 1 GiB behind its inode',
    world: 'plain',
    x: directory(two, { inline: true, patch: (inode) => inode.setUint32(8, 2 ** 30, true) }),
    shows: { x: { list: 'EUCLEAN' }, 'x/one': { stat: 'EUCLEAN' } },
    says: /inline tail of 4096 bytes .* crosses a block/,
    finds: ['bad-extent'],
  },
  {
    name: 'a directory of 2^50 bytes that is a hole',
    world: 'plain',
    x: { ...file(hole(2 ** 50), { nlink: 2 }), mode: S_IFDIR | 0o755 },
    shows: { x: { list: 'EUCLEAN' }, 'x/one': { stat: 'EUCLEAN' } },
    says: /first nameoff 0/,
    finds: ['bad-directory'],
  },
  {
    name: 'a directory beyond the image',
    world: 'plain',
    x: { ...file(flatSparse(4096, 2 ** 30, {}), { nlink: 2 }), mode: S_IFDIR | 0o755 },
    shows: { x: { list: 'EIO' }, 'x/one': { stat: 'EIO' } },
    says: /ends at byte/,
    finds: ['bad-extent'],
  },
  {
    // Linux lists nothing of it either.
    name: 'a directory of 0 bytes',
    world: 'plain',
    x: { ...file(flat(''), { nlink: 2 }), mode: S_IFDIR | 0o755 },
    shows: { x: { list: [] }, 'x/one': { stat: 'ENOENT' } },
    finds: ['bad-dot'],
    notExtracted: [],
  },
  {
    name: 'a directory of 11 bytes',
    world: 'plain',
    x: {
      ...file(raw({ layout: 2, size: 11, attached: new Uint8Array(11) }), { nlink: 2 }),
      mode: S_IFDIR | 0o755,
    },
    shows: { x: { list: 'EUCLEAN' }, 'x/one': { stat: 'EUCLEAN' } },
    says: /first nameoff 0 in 11 bytes/,
    finds: ['bad-directory'],
  },
  {
    name: 'a file type in the directory that the inode does not have',
    world: 'plain',
    x: edited((data) => data.setUint8(2 * DIRENT + 10, 2)),
    shows: { x: { list: ['one', 'two'] }, 'x/one': { read: '1' } },
    finds: ['file-type'],
  },
];
