/** Extended attributes: bodies, shared ones, long prefixes, the name filter. */

import { flat } from '../support/image-writer-body.js';
import { file, type NodeSpec } from '../support/image-writer-node.js';
import { prefixed, XattrIndex, type XattrSpec, xattr } from '../support/image-writer-xattr.js';
import type { Row } from './row.js';

const user = (name: string, value = 'value', shared = false): XattrSpec =>
  xattr(XattrIndex.user, name, value, shared);

/** bytes of an xattr body's header; h_shared_count is its fifth */
const HEADER_SIZE = 12;

/** A file of nothing but the xattr body `body`. It stands where an inline tail would, and i_xattr_icount counts it. */
function withBody(body: Uint8Array): NodeSpec {
  const nothing = { ...flat(''), attachedSize: () => body.length, attached: () => body };
  return file(nothing, {
    patch: (inode) => inode.setUint16(2, (body.length - HEADER_SIZE) / 4 + 1, true),
  });
}

function bodyOf(sharedIds: readonly number[], ...entries: readonly (readonly number[])[]): Uint8Array {
  const bytes = Buffer.alloc(HEADER_SIZE + 4 * sharedIds.length + entries.flat().length);
  bytes[4] = sharedIds.length;
  for (const [n, id] of sharedIds.entries()) bytes.writeUInt32LE(id, HEADER_SIZE + 4 * n);
  bytes.set(entries.flat(), HEADER_SIZE + 4 * sharedIds.length);
  return bytes;
}

/** name_len, name_index, value_size, then "a" and a value of three bytes */
const entry = (nameLength: number, valueSize: number): number[] => [
  ...[nameLength, XattrIndex.user, valueSize & 0xff, valueSize >>> 8],
  ...[0x61, 0x31, 0x32, 0x33],
];

const sharedCount255 = bodyOf([], entry(1, 3));
sharedCount255[4] = 255;

/** The last inode of the image: what would stand behind it is beyond the image. */
const LAST_NID = 300_000;

export const xattrRows: readonly Row[] = [
  {
    name: 'a body of 65535 units',
    world: 'plain',
    x: file(flat(''), { nid: LAST_NID, patch: (inode) => inode.setUint16(2, 0xffff, true) }),
    shows: { x: { read: '', xattrs: 'EUCLEAN' } },
    says: /262148 bytes lies beyond the image/,
    finds: ['bad-xattr'],
  },
  {
    name: 'a body that is a header alone',
    world: 'plain',
    x: withBody(bodyOf([])),
    shows: { x: { read: '', xattrs: 'EOPNOTSUPP' } },
    says: /xattr body of a header alone/,
    finds: ['bad-xattr'],
  },
  {
    name: 'h_shared_count 255',
    world: 'plain',
    x: withBody(sharedCount255),
    shows: { x: { read: '', xattrs: 'EUCLEAN' } },
    says: /255 shared xattrs in a body of 20 bytes/,
    finds: ['bad-xattr'],
  },
  {
    name: 'a shared xattr beyond the image',
    world: 'plain',
    x: withBody(bodyOf([0xffff_ffff])),
    shows: { x: { read: '', xattrs: 'EUCLEAN' } },
    says: /lies beyond the image/,
    finds: ['bad-xattr'],
  },
  {
    name: 'a name_len beyond the body',
    world: 'plain',
    x: withBody(bodyOf([], entry(255, 3))),
    shows: { x: { read: '', xattrs: 'EUCLEAN' } },
    says: /xattr of 262 bytes at 12 leaves the body/,
    finds: ['bad-xattr'],
  },
  {
    name: 'a value_size beyond the body',
    world: 'plain',
    x: withBody(bodyOf([], entry(1, 0xffff))),
    shows: { x: { read: '', xattrs: 'EUCLEAN' } },
    says: /xattr of 65540 bytes at 12 leaves the body/,
    finds: ['bad-xattr'],
  },
  {
    // Left out and no error, as in Linux: an error would hide all the others.
    name: 'a long prefix that the image does not have',
    world: 'plain',
    x: file('x', { xattrs: [prefixed(127, 'a', 'b'), user('good')] }),
    shows: { x: { read: 'x', xattrs: { 'user.good': 'value' } } },
    finds: ['bad-xattr'],
  },
  {
    name: 'a name index that nobody knows',
    world: 'plain',
    x: file('x', { xattrs: [xattr(7, 'a', 'b'), user('good')] }),
    shows: { x: { read: 'x', xattrs: { 'user.good': 'value' } } },
    finds: ['bad-xattr'],
  },
  {
    // The filter is believed, as in Linux: it is what a listing does not ask.
    name: 'a name filter that lies',
    world: 'plain',
    x: file('x', { xattrs: [user('foo')], nameFilter: 0xffff_ffff }),
    shows: { x: { read: 'x', xattrs: { 'user.foo': 'ENODATA' } } },
    finds: ['xattr-filter'],
  },
  {
    name: 'one name twice in a body',
    world: 'plain',
    x: file('x', { xattrs: [user('a', 'first'), user('a', 'second')] }),
    shows: { x: { read: 'x', xattrs: { 'user.a': 'first' } } },
    finds: ['duplicate-xattr'],
  },
];
