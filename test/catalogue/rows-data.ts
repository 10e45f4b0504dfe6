/** Data that is stored as it is: flat files, inline tails, chunks, and devices. */
import { CHUNK_FORMAT, Layout } from '../../src/erofs-reader/layout.js';
import { chunked, flat, flatSparse, inline, raw } from '../support/image-writer-body.js';
import { file } from '../support/image-writer-node.js';
import type { Row } from './row.js';

const BLOCK = 4096;
const beyond = /ends at byte/;

const chunkFormat = (format: number, size = 1) =>
  file(raw({ layout: Layout.CHUNK_BASED, size, address: format, attached: new Uint8Array(8), unit: 8 }));

export const dataRows: readonly Row[] = [
  {
    name: 'a block address beyond the image',
    world: 'plain',
    x: file(flatSparse(BLOCK, 0xff_ffff, {})),
    shows: { x: { read: 'EIO' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a block address of 48 bits',
    world: 'coded',
    x: file(flatSparse(2 * BLOCK, 0xffff_ffff_fffe, {})),
    shows: { x: { read: 'EIO' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'data that ends beyond the image',
    world: 'plain',
    x: file(flatSparse(2 ** 40, 0, {})),
    shows: { x: { read: 'EIO' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a tail that crosses a block',
    world: 'plain',
    x: file(inline('tail'), { patch: (inode) => inode.setUint32(8, 4090, true) }),
    shows: { x: { read: 'EUCLEAN' } },
    says: /inline tail of 4090 bytes .* crosses a block/,
    finds: ['bad-extent'],
  },
  {
    name: 'data on the superblock',
    world: 'plain',
    x: file(flat('', 0), { patch: (inode) => inode.setUint32(8, 16, true) }),
    shows: { x: { read: '\0'.repeat(16) } },
    finds: [],
  },

  {
    name: 'an unknown chunk format',
    world: 'plain',
    x: chunkFormat(CHUNK_FORMAT.KNOWN + 1),
    shows: { x: { stat: 'EOPNOTSUPP' } },
    says: /unknown chunk format 0x80/,
    finds: ['bad-inode'],
  },
  {
    // One chunk of 2^43 bytes, of which the file has one: legal, and no reason to make room for the chunk.
    name: 'a chunk of 2^31 blocks',
    world: 'plain',
    x: chunkFormat(31),
    shows: { x: { read: '\0' } },
    finds: [],
  },
  {
    name: 'a file of 2^50 bytes in chunks of 2^43',
    world: 'plain',
    x: chunkFormat(31, 2 ** 50),
    shows: { x: { read: 'EIO' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a chunk beyond the image',
    world: 'plain',
    x: file(chunked({ size: BLOCK, bits: 0, chunks: [{ block: 0xffff_fffe }] })),
    shows: { x: { read: 'EIO' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a chunk of 48 bits beyond the image',
    world: 'coded',
    x: file(
      chunked({ size: BLOCK, bits: 0, indexes: true, wide: true, chunks: [{ block: 0xffff_ffff_fffe }] }),
    ),
    shows: { x: { read: 'EIO' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a chunk table beyond the image',
    world: 'plain',
    x: file(raw({ layout: Layout.CHUNK_BASED, size: 2 ** 45, address: 0 })),
    shows: { x: { read: 'EUCLEAN' } },
    says: /lies beyond the image/,
    finds: ['oversized-index'],
  },

  {
    name: 'a device that the table does not have',
    world: 'devices',
    x: file(chunked({ size: BLOCK, bits: 0, indexes: true, chunks: [{ device: 3, block: 0 }] })),
    shows: { x: { read: 'EUCLEAN' } },
    says: /chunk table: device id 3, the image declares 2/,
    finds: ['bad-extent'],
  },
  {
    name: 'a chunk beyond its device',
    world: 'devices',
    x: file(chunked({ size: BLOCK, bits: 0, indexes: true, chunks: [{ device: 2, block: 4 }] })),
    shows: { x: { read: 'EIO' } },
    says: /ends at byte 16384/,
    finds: ['bad-extent'],
  },
  {
    name: 'a chunk that reaches over the end of its device',
    world: 'devices',
    x: file(chunked({ size: 2 * BLOCK, bits: 1, indexes: true, chunks: [{ device: 1, block: 3 }] })),
    shows: { x: { read: 'EIO' } },
    says: /ends at byte 16384/,
    finds: ['bad-extent'],
  },
  {
    // The first slot has the word.
    name: 'an address that two devices have',
    world: 'devices',
    x: file(raw({ layout: Layout.FLAT_PLAIN, size: 9, address: 100_003 })),
    shows: { x: { read: 'device 1.' } },
    finds: [],
  },
  {
    name: 'an address behind all devices',
    world: 'devices',
    x: file(raw({ layout: Layout.FLAT_PLAIN, size: 9, address: 100_007 })),
    shows: { x: { read: 'EIO' } },
    says: beyond,
    finds: ['bad-extent'],
  },
];
