/** Copies of fixtures with a place changed, found through the superblock and what `erofs stat` says. */
import { readFileSync } from 'node:fs';
import type { Fixture } from './fixture.js';
import { describeRun, erofs } from './run.js';
import type { Scratch } from './scratch.js';

const superblock = 1024;

/** Byte offsets in the superblock. */
export const field = {
  magic: superblock,
  checksum: superblock + 4,
  featureCompat: superblock + 8,
  blockSizeBits: superblock + 12,
  metaBlock: superblock + 40,
  volumeName: superblock + 64,
  featureIncompat: superblock + 80,
} as const;

/** feature_compat bit of the superblock's checksum */
const checksumFeature = 1;

export interface Inode {
  readonly nid: number;
  /** byte offset of the inode in the image */
  readonly offset: number;
  /** byte offset behind the inode and its xattrs: where the inline data of flat-inline starts */
  readonly end: number;
}

export class Damage {
  readonly bytes: Buffer;
  readonly #fixture: Fixture;

  /** The checksum of the superblock is switched off, so that damage elsewhere in its block is met and not it. */
  constructor(fixture: Fixture) {
    this.#fixture = fixture;
    this.bytes = readFileSync(fixture.image);
    const compat = this.bytes.readUInt32LE(field.featureCompat);
    this.bytes.writeUInt32LE((compat & ~checksumFeature) >>> 0, field.featureCompat);
  }

  async inode(path: string): Promise<Inode> {
    const said = await erofs(['stat', '--json', this.#fixture.image, path]);
    if (said.status !== 0) throw new Error(`erofs stat ${path}: ${describeRun(said)}`);
    const nid = Number((JSON.parse(said.stdout) as { nid: string }).nid);
    const offset = this.bytes.readUInt32LE(field.metaBlock) * this.#fixture.blockSize + nid * 32;
    const isExtended = (this.bytes.readUInt16LE(offset) & 1) !== 0;
    const xattrCount = this.bytes.readUInt16LE(offset + 2);
    const xattrs = xattrCount === 0 ? 0 : 12 + 4 * (xattrCount - 1);
    return { nid, offset, end: offset + (isExtended ? 64 : 32) + xattrs };
  }

  write(scratch: Scratch, name = 'damaged.erofs'): string {
    return scratch.file(name, this.bytes);
  }
}
