/** The superblock and what follows it (erofs-format §1–3, §7): read once, checked, turned into a Geometry. */
import { type ByteView, hex, METABOX_NID, readNid, readS64, readU64, u48 } from './bytes.js';
import { readCompressionConfigs } from './compression-config.js';
import { crc32c } from './crc32c.js';
import { type DeviceSlot, readDeviceTable } from './devices.js';
import { corrupt, ErofsError } from './errors.js';
import {
  FEATURE_COMPAT,
  FEATURE_INCOMPAT,
  MAX_BLOCK_BITS,
  MIN_BLOCK_BITS,
  SUPERBLOCK_EXTENSION_SIZE,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_OFFSET,
  SUPERBLOCK_SIZE,
} from './layout.js';

/** All that the other modules need of the superblock, in bytes and plain numbers. */
export interface Geometry {
  readonly blockSize: number;
  readonly featureCompat: number;
  readonly featureIncompat: number;
  readonly checksum: number;
  readonly rootNid: number;
  /** blocks of the primary device alone */
  readonly blocks: number;
  /** blocks of all devices */
  readonly totalBlocks: number;
  readonly inodes: number;
  /** seconds: the base of compact inodes' mtimes */
  readonly epoch: number;
  readonly fixedNanoseconds: number;
  /** seconds since 1970 */
  readonly buildTime: number;
  /** byte address of nid 0 */
  readonly metaOffset: number;
  /** byte address of shared xattr id 0 */
  readonly xattrOffset: number;
  readonly uuid: Uint8Array;
  readonly volumeName: Uint8Array;
  /** undefined where the image has no fragments */
  readonly packedNid: number | undefined;
  readonly metaboxNid: number | undefined;
  readonly xattrPrefixCount: number;
  /** byte offset, in the place that xattr-prefix.ts names */
  readonly xattrPrefixOffset: number;
  /** whether the name filter in xattr bodies may be believed */
  readonly xattrFilter: boolean;
  /** bit a set: algorithm a is declared */
  readonly algorithms: number;
  readonly extensionSlots: number;
  readonly devices: readonly DeviceSlot[];
}

const KNOWN_INCOMPAT = Object.values(FEATURE_INCOMPAT).reduce((all, bit) => all | bit, 0);

/** Throws 'not-erofs', 'corrupt', 'unsupported', 'truncated'. */
export function readSuperblock(bytes: ByteView): Geometry {
  const size = bytes.sizes[0]!;
  if (size < SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE) {
    throw new ErofsError(
      'not-erofs',
      `not an EROFS image: ${size} bytes, and the superblock alone ends at byte ${SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE}`,
    );
  }
  const view = bytes.view(0, SUPERBLOCK_OFFSET, SUPERBLOCK_SIZE);
  const magic = view.getUint32(0x00, true);
  if (magic !== SUPERBLOCK_MAGIC) {
    throw new ErofsError(
      'not-erofs',
      `not an EROFS image: magic at byte ${SUPERBLOCK_OFFSET} is ${hex(magic)}, expected ${hex(SUPERBLOCK_MAGIC)}`,
      { offset: SUPERBLOCK_OFFSET },
    );
  }
  const blockBits = view.getUint8(0x0c);
  if (blockBits < MIN_BLOCK_BITS || blockBits > MAX_BLOCK_BITS) {
    throw corrupt(`superblock: blkszbits ${blockBits}, expected ${MIN_BLOCK_BITS} to ${MAX_BLOCK_BITS}`);
  }
  const blockSize = 1 << blockBits;
  const featureCompat = view.getUint32(0x08, true);
  const featureIncompat = view.getUint32(0x50, true);
  if (featureCompat & FEATURE_COMPAT.SB_CHKSUM) checkChecksum(bytes, blockSize, view.getUint32(0x04, true));
  checkIncompat(featureIncompat);
  const directoryBlockBits = view.getUint8(0x5a);
  if (directoryBlockBits !== 0) {
    throw new ErofsError('unsupported', `superblock: dirblkbits ${directoryBlockBits}, expected 0`);
  }

  const has48Bit = (featureIncompat & FEATURE_INCOMPAT['48BIT']) !== 0;
  const root8 = has48Bit ? readNid(view, 0x70, 'superblock: root nid') : 0;
  const wideRoot = root8 !== 0;
  const u16At0e = view.getUint16(0x0e, true);
  const blocks = u48(view.getUint32(0x24, true), wideRoot ? u16At0e : 0);
  const extensionSlots = view.getUint8(0x0d);
  const superblockSize = SUPERBLOCK_SIZE + extensionSlots * SUPERBLOCK_EXTENSION_SIZE;
  const hasMetabox = (featureIncompat & FEATURE_INCOMPAT.METABOX) !== 0;
  const epoch = readS64(view, 0x18, 'superblock: epoch');
  const metaOffset = view.getUint32(0x28, true) * blockSize;
  const devices =
    featureIncompat & FEATURE_INCOMPAT.DEVICE_TABLE
      ? readDeviceTable(bytes, view.getUint16(0x56, true), view.getUint16(0x58, true), has48Bit)
      : [];
  const fixedNanoseconds = view.getUint32(0x20, true);
  if (fixedNanoseconds >= 1e9)
    throw corrupt(`superblock: fixed_nsec ${fixedNanoseconds}, expected under 10^9`);

  return {
    blockSize,
    featureCompat,
    featureIncompat,
    checksum: view.getUint32(0x04, true),
    rootNid: wideRoot ? root8 : u16At0e,
    blocks,
    totalBlocks: devices.reduce((sum, device) => sum + device.blocks, blocks),
    inodes: readU64(view, 0x10, 'superblock: inos'),
    epoch,
    fixedNanoseconds,
    buildTime: epoch + view.getUint32(0x6c, true),
    metaOffset,
    xattrOffset: view.getUint32(0x2c, true) * blockSize,
    uuid: copyOf(view, 0x30, 16),
    volumeName: untilNul(copyOf(view, 0x40, 16)),
    packedNid: featureIncompat & FEATURE_INCOMPAT.FRAGMENTS ? readPackedNid(view) : undefined,
    metaboxNid: hasMetabox ? readMetaboxNid(bytes, superblockSize, metaOffset) : undefined,
    xattrPrefixCount: featureIncompat & FEATURE_INCOMPAT.XATTR_PREFIXES ? view.getUint8(0x5b) : 0,
    xattrPrefixOffset: view.getUint32(0x5c, true) * 4,
    xattrFilter: (featureCompat & FEATURE_COMPAT.XATTR_FILTER) !== 0 && view.getUint8(0x68) === 0,
    algorithms: readCompressionConfigs(
      bytes,
      SUPERBLOCK_OFFSET + superblockSize,
      view.getUint16(0x54, true),
      featureIncompat,
    ),
    extensionSlots,
    devices,
  };
}

/** The checksum's rule, with its own length and no final inversion, stands in erofs-format §1. */
function checkChecksum(bytes: ByteView, blockSize: number, expected: number): void {
  const length = blockSize > SUPERBLOCK_OFFSET ? blockSize - SUPERBLOCK_OFFSET : blockSize;
  const block = copyOf(bytes.view(0, SUPERBLOCK_OFFSET, length), 0, length);
  block.fill(0, 4, 8);
  const actual = crc32c(block);
  if (actual !== expected) {
    throw corrupt(
      `superblock checksum is ${hex(actual)}, expected ${hex(expected)}: the image is damaged; fetch or make it again`,
      { offset: SUPERBLOCK_OFFSET + 4 },
    );
  }
}

function checkIncompat(featureIncompat: number): void {
  const unknown = (featureIncompat & ~KNOWN_INCOMPAT) >>> 0;
  if (unknown !== 0) {
    throw new ErofsError(
      'unsupported',
      `superblock: unknown incompatible feature bits ${hex(unknown)}; the image needs a newer erofsjs`,
      { offset: SUPERBLOCK_OFFSET + 0x50 },
    );
  }
}

/** packed_nid 0 means that there is none. */
function readPackedNid(view: DataView): number | undefined {
  const nid = specialNid(view, 0x60, 'packed');
  return nid === 0 ? undefined : nid;
}

/** metabox_nid 0 is an inode like any other, except where its place would be the boot sector. */
function readMetaboxNid(bytes: ByteView, superblockSize: number, metaOffset: number): number {
  const hasField = superblockSize > SUPERBLOCK_SIZE;
  const nid = hasField
    ? specialNid(bytes.view(0, SUPERBLOCK_OFFSET, superblockSize), SUPERBLOCK_SIZE, 'metabox')
    : 0;
  if (!hasField || (nid === 0 && metaOffset === 0)) {
    throw corrupt('superblock: feature METABOX without a metabox inode');
  }
  return nid;
}

/** packed_nid and metabox_nid: never in the metabox themselves. */
function specialNid(view: DataView, offset: number, name: string): number {
  const nid = readNid(view, offset, `superblock: ${name} nid`);
  if (nid >= METABOX_NID) throw corrupt(`superblock: ${name} inode inside the metabox`);
  return nid;
}

function copyOf(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length).slice();
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const nul = bytes.indexOf(0);
  return nul < 0 ? bytes : bytes.subarray(0, nul);
}
