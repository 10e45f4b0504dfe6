/**
 * The superblock's checksum covers its block from byte 1024 on. Each bit there, turned over, is refused when the
 * image is opened, but for the bit that says that there is a checksum: without it the image is the same in all else.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { FEATURE_COMPAT } from '../../src/erofs-reader/layout.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import { type Fixture, fixture, optionValues } from '../support/fixture.js';
import { MemorySource } from '../support/memory-source.js';
import { expectedManifest, manifestOf } from '../support/opened.js';
import { SUPERBLOCK } from '../support/superblock.js';

const FEATURE_COMPAT_BYTE = SUPERBLOCK + 8;

/** Blocks of 512, 1024 and 4096 bytes; configurations behind the superblock, an extension slot, device tables. */
const NAMES = ['plain', 'b512', 'b1024-lz4', 'lz4-c64k', 'metabox-lz4', 'tar-index', 'merged'];

for (const name of NAMES) {
  t.test(name, async (t) => {
    const { sources, bytes, covered } = readSources(fixture(name));
    const accepted: string[] = [];
    for (let at = SUPERBLOCK; at < SUPERBLOCK + covered; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at]! ^= 1 << bit;
        if (await isAccepted(sources)) accepted.push(`byte ${at}, bit ${bit}`);
        bytes[at]! ^= 1 << bit;
      }
    }
    t.strictSame(accepted, [`byte ${FEATURE_COMPAT_BYTE}, bit 0`], `${covered * 8} bits`);

    bytes[FEATURE_COMPAT_BYTE]! ^= FEATURE_COMPAT.SB_CHKSUM;
    const opened = await openSources(sources, {});
    t.teardown(() => opened.close());
    t.strictSame(await manifestOf(opened), expectedManifest(fixture(name)), 'the same without its checksum');
  });
}

/** `bytes` is what the first source reads: what is changed there is changed in the image. */
function readSources({ image, options, blockSize }: Fixture) {
  const blobs = [image, ...optionValues(options, 'device')].map((path) => new Uint8Array(readFileSync(path)));
  return {
    sources: blobs.map((blob) => new MemorySource(blob)),
    bytes: blobs[0]!,
    covered: blockSize > SUPERBLOCK ? blockSize - SUPERBLOCK : blockSize,
  };
}

/** Throws what is no ErofsError. */
async function isAccepted(sources: readonly MemorySource[]): Promise<boolean> {
  let opened: OpenedImage;
  try {
    opened = await openSources(sources, {});
  } catch (error) {
    if (error instanceof ErofsError) return false;
    throw error;
  }
  opened.close();
  return true;
}
