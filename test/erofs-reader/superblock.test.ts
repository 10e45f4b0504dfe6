/** What is refused at open, and with which words. */
import t from 'tap';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import { MemorySource } from '../support/memory-source.js';
import { imageBytes, SUPERBLOCK, sealed, withSuperblock } from '../support/superblock.js';

function open(bytes: Uint8Array, spec: { allowTruncated?: boolean } = {}): Promise<OpenedImage> {
  return openSources([new MemorySource(bytes)], spec);
}

t.test('a good superblock is read', async (t) => {
  const { image } = await open(imageBytes('plain'));
  t.equal(image.geometry.blockSize, 4096);
  t.equal(image.geometry.inodes, 176);
  t.equal(image.geometry.blocks * 4096, imageBytes('plain').length);
  const labelled = await open(imageBytes('label'));
  t.match(Buffer.from(labelled.image.geometry.volumeName).toString(), /^\S+$/);
});

const refusals: { name: string; bytes: () => Uint8Array; code: string; message: RegExp }[] = [
  {
    name: 'an empty file',
    bytes: () => new Uint8Array(0),
    code: 'not-erofs',
    message: /not an EROFS image: 0 bytes/,
  },
  {
    name: 'another magic',
    bytes: () => withSuperblock('plain', (sb) => sb.setUint32(0, 0xef53, true)),
    code: 'not-erofs',
    message: /magic at byte 1024 is 0xef53, expected 0xe0f5e1e2/,
  },
  {
    name: 'a wrong checksum',
    bytes: () => {
      const bytes = imageBytes('plain');
      bytes[SUPERBLOCK + 0x30]! ^= 1;
      return bytes;
    },
    code: 'corrupt',
    message: /superblock checksum is 0x[0-9a-f]+, expected 0x[0-9a-f]+/,
  },
  ...[0, 8, 17, 31, 255].map((bits) => ({
    name: `blkszbits ${bits}`,
    bytes: () => {
      const bytes = imageBytes('plain');
      bytes[SUPERBLOCK + 0x0c] = bits;
      return bytes;
    },
    code: 'corrupt',
    message: new RegExp(`blkszbits ${bits}, expected 9 to 16`),
  })),
  {
    name: 'an unknown incompatible feature',
    bytes: () => withSuperblock('plain', (sb) => sb.setUint32(0x50, 0x8000_0200, true)),
    code: 'unsupported',
    message: /unknown incompatible feature bits 0x80000200/,
  },
  {
    name: 'larger directory blocks',
    bytes: () => withSuperblock('plain', (sb) => sb.setUint8(0x5a, 1)),
    code: 'unsupported',
    message: /dirblkbits 1, expected 0/,
  },
  {
    name: 'an unknown compression algorithm',
    bytes: () => withSuperblock('lz4-c64k', (sb) => sb.setUint16(0x54, 0x11, true)),
    code: 'unsupported',
    message: /unknown compression algorithms, bits 0x10/,
  },
  {
    name: 'a root beyond the image',
    bytes: () => withSuperblock('plain', (sb) => sb.setUint16(0x0e, 0xffff, true)),
    code: 'corrupt',
    message: /inode 65535: /,
  },
  {
    name: 'a metabox without its inode',
    bytes: () => withSuperblock('plain', (sb) => sb.setUint32(0x50, 0x100, true)),
    code: 'corrupt',
    message: /METABOX/,
  },
  {
    name: 'a packed inode inside the metabox',
    bytes: () => withSuperblock('lz4-fragments', (sb) => sb.setUint8(0x67, 0x80)),
    code: 'corrupt',
    message: /packed inode inside the metabox/,
  },
  {
    name: 'a device table beyond the image',
    bytes: () => withSuperblock('merged', (sb) => sb.setUint16(0x58, 0xffff, true)),
    code: 'corrupt',
    message: /device table: 2 slots at byte 8388480/,
  },
  {
    name: 'missing devices',
    bytes: () => imageBytes('merged'),
    code: 'missing-device',
    message: /2 extra device\(s\).*device=PATH/,
  },
  {
    name: 'a truncated image',
    bytes: () => imageBytes('plain').slice(0, 700_000),
    code: 'truncated',
    message: /700000 bytes, its superblock says 1380352; fetch or copy it again/,
  },
];

for (const { name, bytes, code, message } of refusals) {
  t.test(`refused: ${name}`, async (t) => {
    await t.rejects(open(bytes()), { name: 'ErofsError', code, message });
  });
}

t.test('METABOX with a superblock that has its slot names the missing inode', async (t) => {
  const bytes = withSuperblock('metabox-lz4', (sb) => {
    for (let i = 0; i < 8; i++) sb.setUint8(0x80 + i, 0);
  });
  await t.rejects(open(bytes), { code: 'corrupt', message: /METABOX without a metabox inode/ });
});

t.test('too few and too many devices', async (t) => {
  const [merged, layer] = [imageBytes('merged'), imageBytes('layer1')];
  const sources = [merged, layer].map((bytes) => new MemorySource(bytes));
  await t.rejects(openSources(sources, {}), {
    code: 'missing-device',
    message: /2 extra devices and 1 were given/,
  });
  const plain = [imageBytes('plain'), layer].map((bytes) => new MemorySource(bytes));
  await t.rejects(openSources(plain, {}), {
    code: 'missing-device',
    message: /0 extra devices and 1 were given/,
  });
});

t.test('no beginning of an image opens as if it were whole, and none crashes', async (t) => {
  const whole = imageBytes('layer2');
  for (let length = 0; length < whole.length; length += 512) {
    await t.rejects(open(whole.slice(0, length)), ErofsError);
  }
});

t.test('a checksum is not asked for where the image has none', async (t) => {
  const bytes = imageBytes('plain');
  bytes[SUPERBLOCK + 8]! &= ~1;
  bytes[SUPERBLOCK + 4]! ^= 0xff;
  t.ok(await open(bytes));
});

t.test('checksums of every block size', async (t) => {
  for (const name of ['b512', 'b1024-lz4', 'b8192', 'b65536']) {
    const bytes = imageBytes(name);
    const stored = bytes.slice(SUPERBLOCK + 4, SUPERBLOCK + 8);
    t.strictSame(sealed(bytes).slice(SUPERBLOCK + 4, SUPERBLOCK + 8), stored, name);
  }
});
