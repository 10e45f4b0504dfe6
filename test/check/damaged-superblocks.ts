/** Images whose superblock or tables are wrong. */
import { S_IFREG } from '../../src/erofs-reader/layout.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { MemorySource } from '../support/memory-source.js';
import { addingTo, type DamageCase } from './damage-case.js';

export const damagedSuperblocks: DamageCase[] = [];
const damage = addingTo(damagedSuperblocks);

const SUPERBLOCK = 1024;

damage('unopenable', 'another magic', () => {
  const image = writeImage({ root: directory(), patch: (block) => block.setUint32(0, 0x12345678) });
  return { source: image.bytes.source(), message: /magic at byte 1024 is 0x78563412/ };
});

damage('unopenable', 'a root that is no directory', () => {
  const image = writeImage({
    root: directory({}, { patch: (inode) => inode.setUint16(4, S_IFREG | 0o644, true) }),
  });
  return { source: image.bytes.source(), message: /root inode \d+: mode 100644 is no directory/ };
});

damage('superblock-checksum', 'a checksum of other bytes', () => {
  const image = writeImage({ root: directory({ a: file('1') }) });
  image.bytes.write(SUPERBLOCK + 64, new TextEncoder().encode('other label'));
  return { source: image.bytes.source(), message: /checksum is 0x[0-9a-f]+, its bytes want 0x/ };
});

damage('truncated', 'an end before the last block', () => {
  const image = writeImage({ root: directory({ a: file('1') }), blocks: 9 });
  image.bytes.size = 5 * 4096;
  return { source: image.bytes.source(), message: /20480 bytes, its superblock says 36864/ };
});

damage('compression-config', 'an LZMA dictionary of 2 GiB', () => {
  const image = writeImage({ root: directory(), algorithms: 2, checksum: false });
  image.bytes.write(SUPERBLOCK + 128 + 2, Uint8Array.of(0, 0, 0, 0x80));
  return { source: image.bytes.source(), message: /LZMA configuration: dictionary of 2147483648 bytes/ };
});

damage('device-truncated', 'a device that is shorter than its slot says', () => {
  const image = writeImage({ root: directory(), devices: [{ blocks: 3 }] });
  return {
    source: image.bytes.source(),
    devices: [new MemorySource(new Uint8Array(8192))],
    message: /device 1 has 8192 bytes, the device table says 3 blocks/,
  };
});

damage('device-overlap', 'two devices at the same uniaddr', () => {
  const devices = [
    { blocks: 4, uniaddr: 1000 },
    { blocks: 4, uniaddr: 1003 },
  ];
  const blob = () => new MemorySource(new Uint8Array(4 * 4096));
  return {
    source: writeImage({ root: directory(), devices }).bytes.source(),
    devices: [blob(), blob()],
    message: /device 2 is mapped at blocks 1003 to 1007, where device 1 has 1000 to 1004/,
  };
});

damage('xattr-prefix-table', 'a prefix on a base that does not exist', () => {
  const prefixes = { in: 'absolute', table: [{ base: 9, infix: 'x.' }] } as const;
  return {
    source: writeImage({ root: directory(), prefixes }).bytes.source(),
    message: /xattr prefix 0: base prefix 9/,
  };
});

damage('inode-count', 'more inodes than the superblock counts', () => {
  const image = writeImage({
    root: directory({ a: file('1') }),
    patch: (block) => block.setBigUint64(0x10, 1n, true),
  });
  return { source: image.bytes.source(), message: /the superblock counts 1 inodes, 2 were found/ };
});

damage('xattr-prefix-table', 'a table beyond the image', () => {
  const prefixes = { in: 'absolute', table: [{ base: 1, infix: 'x.' }] } as const;
  const patch = (block: DataView) => block.setUint32(0x5c, 0xffffff, true);
  const image = writeImage({ root: directory(), prefixes, patch });
  return { source: image.bytes.source(), message: /metadata at 0x3fffffc \+ 2 bytes lies beyond/ };
});
