/** Fragments of the packed inode, and inodes of the metabox. */
import { Layout, Z_ADVISE } from '../../src/erofs-reader/layout.js';
import { encoded, raw } from '../support/image-writer-body.js';
import { directory, file, type NodeSpec } from '../support/image-writer-node.js';
import type { Row } from './row.js';
import { packedText } from './worlds.js';

/** A file that is a fragment as a whole: bit 63 of the map header, and the other 63 say where. */
function fragment(size: number, offset: bigint): NodeSpec {
  const attached = new Uint8Array(8);
  new DataView(attached.buffer).setBigUint64(0, (1n << 63n) | offset, true);
  return file(raw({ layout: Layout.COMPRESSED_FULL, size, attached, unit: 8 }));
}

/** A file whose one extent is a fragment. */
function tail(size: number, offset: number): NodeSpec {
  const body = encoded({ size, recordSize: 16, extents: [{ start: 0, length: offset }] });
  return file({
    ...body,
    attached: (placement) => {
      const bytes = body.attached(placement);
      bytes[4]! |= Z_ADVISE.FRAGMENT_PCLUSTER;
      return bytes;
    },
  });
}

const beyond = /fragment at 0x[0-9a-f]+ \+ \d+ bytes, the packed inode has \d+/;

export const fragmentRows: readonly Row[] = [
  {
    name: 'a fragment as it should be',
    world: 'coded',
    x: fragment(11, 22n),
    shows: { x: { read: packedText.slice(22, 33) } },
    finds: [],
  },
  {
    name: 'a fragment beyond the packed inode',
    world: 'coded',
    x: fragment(11, BigInt(packedText.length)),
    shows: { x: { read: 'EUCLEAN' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a fragment that reaches over the end of the packed inode',
    world: 'coded',
    x: fragment(packedText.length, 1n),
    shows: { x: { read: 'EUCLEAN' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a fragment at byte 2^62',
    world: 'coded',
    x: fragment(11, 1n << 62n),
    shows: { x: { read: 'EUCLEAN' } },
    says: /fragment at 0x4000000000000000/,
    finds: ['bad-extent'],
  },
  {
    name: 'a fragment of 2^50 bytes',
    world: 'coded',
    x: fragment(2 ** 50, 0n),
    shows: { x: { read: 'EUCLEAN' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a tail beyond the packed inode',
    world: 'coded',
    x: tail(11, 0xfff_fff0),
    shows: { x: { read: 'EUCLEAN' } },
    says: beyond,
    finds: ['bad-extent'],
  },
  {
    name: 'a fragment in an image without a packed inode',
    world: 'plain',
    x: fragment(11, 0n),
    shows: { x: { read: 'EUCLEAN' } },
    says: /a fragment in an image without a packed inode/,
    finds: ['bad-extent'],
  },
  {
    name: 'a fragment of a fragment',
    world: 'fragments in fragments',
    x: fragment(11, 0n),
    shows: { x: { read: 'EUCLEAN' } },
    says: /packed inode \d+ has a fragment of its own/,
    finds: [],
  },

  {
    name: 'a nid beyond the metabox',
    world: 'metabox',
    x: { toNid: (1n << 63n) | (1n << 40n) },
    shows: { x: { stat: 'EUCLEAN' } },
    says: /lies beyond the metabox/,
    finds: ['bad-inode'],
  },
  {
    name: 'a directory of the metabox that contains itself',
    world: 'metabox',
    x: directory({ loop: { to: 'self' } }, { metabox: true, inline: true }),
    shows: { x: { list: ['loop'] } },
    mounted: { 'x/loop': { stat: 'ELOOP' } },
    finds: ['directory-twice'],
    notExtracted: ['x/loop'],
  },
  {
    name: 'a chunk table that ends behind the metabox',
    world: 'metabox',
    x: file(raw({ layout: Layout.CHUNK_BASED, size: 2 ** 20 * 4096 }), { metabox: true }),
    shows: { x: { read: 'EUCLEAN' } },
    says: /lies beyond the metabox/,
    finds: ['oversized-index'],
  },
];
