/** Inodes and symlinks. */
import { flat } from '../support/image-writer-body.js';
import { device, fifo, file, type NodeSpec, symlink } from '../support/image-writer-node.js';
import type { Row } from './row.js';

const patched = (patch: (inode: DataView) => void): NodeSpec => file('x', { patch });
const link = (size: bigint): NodeSpec =>
  symlink('target', { patch: (inode) => inode.setBigUint64(8, size, true) });

/** Whole inodes of 64 bytes whose second half lies in the next block of 128 units. */
const CROSSING_NID = 128 * 1700 - 1;

export const inodeRows: readonly Row[] = [
  ...[5, 6, 7].map(
    (layout): Row => ({
      name: `data layout ${layout}`,
      world: 'plain',
      x: patched((inode) => inode.setUint16(0, 1 | (layout << 1), true)),
      shows: { x: { stat: 'EOPNOTSUPP' } },
      says: new RegExp(`unknown data layout ${layout}`),
      finds: ['bad-inode'],
    }),
  ),
  {
    name: 'i_format 0xffff',
    world: 'plain',
    x: patched((inode) => inode.setUint16(0, 0xffff, true)),
    shows: { x: { stat: 'EOPNOTSUPP' } },
    says: /unknown i_format 0xffff/,
    finds: ['bad-inode'],
  },
  ...[0, 0o000644, 0o170644, 0o050755].map(
    (mode): Row => ({
      name: `mode ${mode.toString(8)}`,
      world: 'plain',
      x: patched((inode) => inode.setUint16(4, mode, true)),
      shows: { x: { stat: 'EUCLEAN' } },
      says: new RegExp(`mode ${mode.toString(8)} has no file type`),
      finds: ['bad-inode'],
    }),
  ),
  {
    name: 'a file of -1 bytes',
    world: 'plain',
    x: patched((inode) => inode.setBigUint64(8, (1n << 64n) - 1n, true)),
    shows: { x: { stat: 'EUCLEAN' } },
    says: /i_size is negative/,
    finds: ['bad-inode'],
  },
  {
    // Linux shows the size and fails where the device ends; sizes beyond 2^53 are no numbers here.
    name: 'a file of 2^62 bytes',
    world: 'plain',
    x: file(flat('data'), { patch: (inode) => inode.setBigUint64(8, 1n << 62n, true) }),
    shows: { x: { stat: 'EOPNOTSUPP' } },
    says: /i_size is 0x4000000000000000, more than 2\^53/,
    finds: ['bad-inode'],
  },
  {
    name: 'a file of 2^50 bytes, more than the image has',
    world: 'plain',
    x: file(flat('data'), { patch: (inode) => inode.setBigUint64(8, 1n << 50n, true) }),
    shows: { x: { read: 'EIO' } },
    says: /ends at byte/,
    finds: ['bad-extent'],
  },
  {
    name: 'no links',
    world: 'plain',
    x: file('x', { nlink: 0 }),
    shows: { x: { read: 'x' } },
    finds: ['nlink-zero'],
  },
  {
    name: '2^32 - 1 nanoseconds',
    world: 'plain',
    x: file('x', { nanoseconds: 2 ** 32 - 1 }),
    shows: { x: { read: 'x' } },
    finds: ['mtime-nanoseconds'],
  },
  {
    name: 'a time beyond 2^53 seconds',
    world: 'plain',
    x: file('x', { seconds: 1n << 62n }),
    shows: { x: { stat: 'EOPNOTSUPP' } },
    says: /mtime is beyond ±2\^53/,
    finds: ['bad-inode'],
  },
  {
    name: 'the owner 2^32 - 1',
    world: 'plain',
    x: file('x', { uid: 2 ** 32 - 1, gid: 2 ** 32 - 1 }),
    shows: { x: { read: 'x' } },
    finds: [],
  },
  {
    name: 'an inode that crosses a block',
    world: 'plain',
    x: file('crosses', { nid: CROSSING_NID }),
    shows: { x: { read: 'crosses' } },
    finds: [],
  },
  {
    name: 'a device that is suid',
    world: 'plain',
    x: device('block', 8, 0, { permissions: 0o6777 }),
    shows: { x: {} },
    finds: [],
  },
  {
    name: 'a fifo with a size',
    world: 'plain',
    x: fifo({ patch: (inode) => inode.setUint32(8, 5, true) }),
    shows: { x: {} },
    finds: ['special-file-size'],
  },

  {
    name: 'a symlink of -1 bytes',
    world: 'plain',
    x: link((1n << 64n) - 1n),
    shows: { x: { stat: 'EUCLEAN' } },
    says: /i_size is negative/,
    finds: ['bad-inode'],
  },
  {
    name: 'a symlink of 2^62 bytes',
    world: 'plain',
    x: link(1n << 62n),
    shows: { x: { stat: 'EUCLEAN' } },
    says: /i_size is 0x4000000000000000/,
    finds: ['bad-inode'],
  },
  {
    name: 'a symlink of 2^40 bytes',
    world: 'plain',
    x: link(1n << 40n),
    shows: { x: { target: 'EUCLEAN' } },
    says: /target of 1099511627776 bytes/,
    finds: ['bad-extent'],
  },
  {
    // Linux shows an empty target; no program can follow it.
    name: 'a symlink of 0 bytes',
    world: 'plain',
    x: link(0n),
    shows: { x: { target: 'EUCLEAN' } },
    says: /target of 0 bytes/,
    finds: ['bad-symlink'],
  },
  {
    name: 'a symlink with a NUL',
    world: 'plain',
    x: symlink('tar\0get'),
    shows: { x: { target: 'EUCLEAN' } },
    says: /NUL in the target/,
    finds: ['bad-symlink'],
  },
  {
    name: 'a symlink of 4097 bytes',
    world: 'plain',
    x: symlink(flat('t'.repeat(4097))),
    shows: { x: { target: 'EUCLEAN' } },
    says: /target of 4097 bytes/,
    finds: ['bad-symlink'],
  },
  {
    name: 'a symlink to itself',
    world: 'plain',
    x: symlink('x'),
    shows: { x: { target: 'x' } },
    finds: [],
  },
];
