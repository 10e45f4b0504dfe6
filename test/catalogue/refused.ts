/** Images that are refused as a whole: what opening says. One row is one entry; `erofs mount`, `ls` and `cat` say the same. */

import type { FindingCode } from '../../src/check/finding.js';
import type { ErofsErrorCode } from '../../src/erofs-reader/errors.js';
import { S_IFREG } from '../../src/erofs-reader/layout.js';
import { type ImageSpec, writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';

export interface RefusedRow {
  readonly name: string;
  readonly image: () => Uint8Array;
  readonly code: ErofsErrorCode;
  readonly says: RegExp;
  /** what `erofs verify` finds where it goes on past what a mount refuses; 'unopenable' unless given */
  readonly finds?: readonly FindingCode[];
}

const root = directory({ a: file('a') });

/** An image whose superblock `patch` has edited; its checksum is right. */
const patched =
  (patch: (superblock: DataView) => void, spec: Partial<ImageSpec> = {}) =>
  (): Uint8Array =>
    writeImage({ root, metaBlock: 1, ...spec, patch }).bytes.toBytes();

const whole = (): Uint8Array => writeImage({ root, metaBlock: 1 }).bytes.toBytes();

const flipped = (at: number): Uint8Array => {
  const bytes = whole();
  bytes[at]! ^= 1;
  return bytes;
};

const U64_MOST = (1n << 64n) - 1n;

export const refusedRows: readonly RefusedRow[] = [
  {
    name: 'no bytes',
    image: () => new Uint8Array(0),
    code: 'not-erofs',
    says: /0 bytes, and the superblock/,
  },
  {
    name: '1100 bytes',
    image: () => whole().slice(0, 1100),
    code: 'not-erofs',
    says: /1100 bytes, and the superblock/,
  },
  {
    name: 'another magic',
    image: patched((block) => block.setUint32(0, 0x12345678)),
    code: 'not-erofs',
    says: /magic at byte 1024 is 0x78563412, expected 0xe0f5e1e2/,
  },
  {
    name: 'a bit of the superblock turned over',
    image: () => flipped(1024 + 0x40),
    code: 'corrupt',
    says: /superblock checksum is 0x[0-9a-f]+, expected 0x[0-9a-f]+/,
    finds: ['superblock-checksum'],
  },
  ...[0, 8, 17, 31, 255].map(
    (bits): RefusedRow => ({
      name: `blkszbits ${bits}`,
      image: patched((block) => block.setUint8(0x0c, bits)),
      code: 'corrupt',
      says: new RegExp(`blkszbits ${bits}, expected 9 to 16`),
    }),
  ),
  {
    name: 'an unknown incompatible feature',
    image: patched((block) => block.setUint32(0x50, 0x8000_0000, true)),
    code: 'unsupported',
    says: /unknown incompatible feature bits 0x80000000; the image needs a newer erofsjs/,
  },
  {
    name: 'dirblkbits 3',
    image: patched((block) => block.setUint8(0x5a, 3)),
    code: 'unsupported',
    says: /dirblkbits 3, expected 0/,
  },
  {
    name: '10^9 nanoseconds for all inodes',
    image: patched((block) => block.setUint32(0x20, 1e9, true)),
    code: 'corrupt',
    says: /fixed_nsec 1000000000, expected under 10\^9/,
  },
  {
    name: '2^64 - 1 inodes',
    image: patched((block) => block.setBigUint64(0x10, U64_MOST, true)),
    code: 'unsupported',
    says: /inos is 0xffffffffffffffff, more than 2\^53/,
  },
  {
    name: 'an epoch beyond 2^53',
    image: patched((block) => block.setBigInt64(0x18, 1n << 62n, true)),
    code: 'unsupported',
    says: /epoch is beyond/,
  },
  {
    name: 'more blocks than bytes',
    image: patched((block) => block.setUint32(0x24, 0xffff_ffff, true)),
    code: 'truncated',
    says: /the image is truncated: \d+ bytes, its superblock says 17592186040320/,
    finds: ['truncated'],
  },
  {
    name: 'a metadata area beyond the image',
    image: patched((block) => block.setUint32(0x28, 0xffff_ffff, true)),
    code: 'corrupt',
    says: /lies beyond the image/,
  },

  {
    name: 'a root nid beyond the image',
    image: patched((block) => block.setUint16(0x0e, 0xffff, true)),
    code: 'corrupt',
    says: /inode 65535: metadata at .* lies beyond the image/,
  },
  {
    name: 'a root nid of 2^62',
    image: patched((block) => block.setBigUint64(0x70, 1n << 62n, true), { is48Bit: true }),
    code: 'corrupt',
    says: /root nid is 0x4000000000000000, outside any image/,
  },
  {
    name: 'a root in a metabox that is not there',
    image: patched((block) => block.setBigUint64(0x70, (1n << 63n) | 5n, true), { is48Bit: true }),
    code: 'corrupt',
    says: /a metabox nid in an image without a metabox/,
  },
  {
    name: 'a root that is a file',
    image: () =>
      writeImage({
        root: directory({}, { patch: (inode) => inode.setUint16(4, S_IFREG | 0o644, true) }),
      }).bytes.toBytes(),
    code: 'corrupt',
    says: /root inode \d+: mode 100644 is no directory/,
  },
  {
    name: 'a root without a file type',
    image: () =>
      writeImage({ root: directory({}, { patch: (inode) => inode.setUint16(4, 0, true) }) }).bytes.toBytes(),
    code: 'corrupt',
    says: /mode 0 has no file type/,
  },

  {
    name: 'a packed inode that is the root',
    image: patched((block) => block.setBigUint64(0x60, BigInt(block.getUint16(0x0e, true)), true), {
      packed: new Uint8Array(10),
    }),
    code: 'corrupt',
    says: /packed inode \d+: mode 40755 is no regular file/,
  },
  {
    name: 'a packed inode in the metabox',
    image: patched((block) => block.setBigUint64(0x60, 1n << 63n, true), { packed: new Uint8Array(10) }),
    code: 'corrupt',
    says: /packed inode inside the metabox/,
  },
  {
    name: 'a packed nid of 2^62',
    image: patched((block) => block.setBigUint64(0x60, 1n << 62n, true), { packed: new Uint8Array(10) }),
    code: 'corrupt',
    says: /packed nid is 0x4000000000000000, outside any image/,
  },
  {
    name: 'a metabox inside itself',
    image: patched((block) => block.setBigUint64(0x80, 1n << 63n, true), {
      is48Bit: true,
      root: directory({ a: file('a', { metabox: true }) }, { metabox: true, inline: true }),
    }),
    code: 'corrupt',
    says: /metabox inode inside the metabox/,
  },
  {
    name: 'a metabox that is a directory',
    image: patched((block) => block.setBigUint64(0x80, block.getBigUint64(0x70, true), true), {
      is48Bit: true,
      root: directory({ a: file('a', { metabox: true }), b: { toNid: (1n << 63n) | 0n } }),
    }),
    code: 'corrupt',
    says: /metabox inode \d+: mode 40755 is no regular file/,
  },
  {
    name: 'a metabox without a slot that names it',
    image: patched(() => {}, {
      is48Bit: true,
      extensionSlots: 0,
      root: directory({}, { metabox: true, inline: true }),
    }),
    code: 'corrupt',
    says: /METABOX without a metabox inode/,
  },

  {
    name: 'a device table beyond the image',
    image: patched((block) => block.setUint16(0x58, 0xffff, true), { devices: [{ blocks: 1 }] }),
    code: 'corrupt',
    says: /device table: 1 slots at byte 8388480, the image has/,
  },
  {
    name: '65535 devices',
    image: patched((block) => block.setUint16(0x56, 0xffff, true), { devices: [{ blocks: 1 }] }),
    code: 'corrupt',
    says: /device table: 65535 slots/,
  },
  {
    name: 'a device that is not given',
    image: patched(() => {}, { devices: [{ tag: 'blob', blocks: 1 }] }),
    code: 'missing-device',
    says: /1 extra device\(s\) .*1\. blob, 1 blocks/,
  },

  {
    name: 'an unknown algorithm',
    image: patched((block) => block.setUint16(0x54, 0x8001, true), { algorithms: 1 }),
    code: 'unsupported',
    says: /unknown compression algorithms, bits 0x8000/,
  },
  {
    name: 'a compression configuration of no bytes',
    image: () => {
      const written = writeImage({ root, algorithms: 1, checksum: false });
      written.bytes.write(1024 + 128, Uint8Array.of(0, 0));
      return written.bytes.toBytes();
    },
    code: 'corrupt',
    says: /LZ4 configuration: 0 bytes, expected 14/,
  },
];
