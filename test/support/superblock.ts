/** Images in memory with something changed in them, their checksum put right again. */
import { readFileSync } from 'node:fs';
import { crc32c } from '../../src/erofs-reader/crc32c.js';
import { fixture } from './fixture.js';

export const SUPERBLOCK = 1024;

/** A copy of a fixture's bytes. */
export function imageBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(name).image));
}

/** A copy of a fixture whose superblock `change` has edited; `change` gets offsets from the superblock. */
export function withSuperblock(name: string, change: (superblock: DataView) => void): Uint8Array {
  const bytes = imageBytes(name);
  change(new DataView(bytes.buffer, SUPERBLOCK));
  return sealed(bytes);
}

/** Writes the checksum that the superblock's content asks for. */
export function sealed(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const blockSize = 2 ** bytes[SUPERBLOCK + 12]!;
  const length = blockSize > SUPERBLOCK ? blockSize - SUPERBLOCK : blockSize;
  view.setUint32(SUPERBLOCK + 4, 0);
  view.setUint32(SUPERBLOCK + 4, crc32c(bytes.subarray(SUPERBLOCK, SUPERBLOCK + length)), true);
  return bytes;
}
