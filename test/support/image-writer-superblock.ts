/** The superblock of images to be written, and what stands behind it: configurations, prefixes, device table. */
import { roundUp } from '../../src/erofs-reader/bytes.js';
import { crc32c } from '../../src/erofs-reader/crc32c.js';
import {
  DEVICE_SLOT_SIZE,
  FEATURE_COMPAT,
  FEATURE_INCOMPAT,
  SUPERBLOCK_EXTENSION_SIZE,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_OFFSET,
  SUPERBLOCK_SIZE,
} from '../../src/erofs-reader/layout.js';
import type { SparseBytes } from './image-writer-sparse.js';

export interface SuperblockSpec {
  /** 9 to 16; 12 unless given */
  readonly blockBits?: number;
  /** 16-byte slots behind the superblock; 0 unless given, 1 with a metabox */
  readonly extensionSlots?: number;
  /** bits beyond those that the content asks for */
  readonly featureCompat?: number;
  readonly featureIncompat?: number;
  /** 48BIT; the root is then told by 8 bytes unless `shortRoot` */
  readonly is48Bit?: boolean;
  readonly shortRoot?: boolean;
  /** true unless given */
  readonly checksum?: boolean;
  /** at most 16 bytes */
  readonly label?: string;
  readonly uuid?: Uint8Array;
  /** seconds */
  readonly epoch?: number | bigint;
  readonly buildTime?: number;
  readonly fixedNanoseconds?: number;
  /** the count that the superblock tells; the image is as long as that, or as its content */
  readonly blocks?: number;
  /** bitmap of algorithms, each with a configuration record */
  readonly algorithms?: number;
  readonly devices?: readonly DeviceSpec[];
  /** xattr_filter_reserved */
  readonly filterReserved?: number;
  /** the last word about the superblock, before its checksum */
  readonly patch?: (superblock: DataView) => void;
}

export interface DeviceSpec {
  readonly tag?: string;
  readonly blocks: number;
  /** in blocks; 0 unless given */
  readonly uniaddr?: number;
}

/** What the writer found out while it wrote the rest. */
export interface SuperblockFacts {
  readonly featureCompat: number;
  readonly featureIncompat: number;
  readonly blocks: number;
  readonly inodes: number;
  readonly metaBlock: number;
  readonly xattrBlock: number;
  readonly rootNid: bigint;
  readonly packedNid: bigint;
  readonly metaboxNid: bigint | undefined;
  readonly prefixCount: number;
  /** in units of 4 bytes */
  readonly prefixStart: number;
}

/** Where the parts of the header lie; bytes from the image's start. */
export interface HeaderPlan {
  readonly superblockSize: number;
  readonly configurations: number;
  readonly prefixes: number;
  readonly deviceTable: number;
  readonly end: number;
}

export function planHeader(spec: SuperblockSpec, hasMetabox: boolean, prefixBytes: number): HeaderPlan {
  const slots = spec.extensionSlots ?? (hasMetabox ? 1 : 0);
  const superblockSize = SUPERBLOCK_SIZE + slots * SUPERBLOCK_EXTENSION_SIZE;
  const configurations = SUPERBLOCK_OFFSET + superblockSize;
  const prefixes = roundUp(configurations + configurationBytes(spec).length, 4);
  const deviceTable = roundUp(prefixes + prefixBytes, DEVICE_SLOT_SIZE);
  const end = deviceTable + (spec.devices?.length ?? 0) * DEVICE_SLOT_SIZE;
  return { superblockSize, configurations, prefixes, deviceTable, end };
}

const CONFIGURATIONS: readonly (readonly number[])[] = [
  [14, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // distance 65535, pclusters of one block
  [14, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // a dictionary of 4096 bytes
  [6, 0, 15, 0, 0, 0, 0, 0], // a window of 2^15 bytes
  [6, 0, 0, 6, 0, 0, 0, 0], // a window of 2^16 bytes
];

/** One record an algorithm, each at a multiple of 4 bytes, as the superblock before them ends at one. */
function configurationBytes({ algorithms = 0 }: SuperblockSpec): Uint8Array {
  return Uint8Array.from(CONFIGURATIONS.filter((_, number) => algorithms & (1 << number)).flat());
}

/** Writes the header and, last, its checksum: all else must stand in `image` already. */
export function writeHeader(
  image: SparseBytes,
  spec: SuperblockSpec,
  plan: HeaderPlan,
  facts: SuperblockFacts,
): void {
  const blockBits = spec.blockBits ?? 12;
  const view = new DataView(new ArrayBuffer(Math.max(plan.superblockSize, 136)));
  const bytes = new Uint8Array(view.buffer);
  const hasChecksum = spec.checksum !== false;
  const isWide = spec.is48Bit === true && spec.shortRoot !== true;
  if (!isWide && facts.rootNid > 0xffffn) {
    throw new Error(`root nid 0x${facts.rootNid.toString(16)} needs 8 bytes: write the image with is48Bit`);
  }
  view.setUint32(0x00, SUPERBLOCK_MAGIC, true);
  view.setUint32(0x08, facts.featureCompat | (hasChecksum ? FEATURE_COMPAT.SB_CHKSUM : 0), true);
  view.setUint8(0x0c, blockBits);
  view.setUint8(0x0d, (plan.superblockSize - SUPERBLOCK_SIZE) / SUPERBLOCK_EXTENSION_SIZE);
  view.setUint16(0x0e, isWide ? facts.blocks / 0x1_0000_0000 : Number(facts.rootNid), true);
  view.setBigUint64(0x10, BigInt(facts.inodes), true);
  view.setBigInt64(0x18, BigInt(spec.epoch ?? 0), true);
  view.setUint32(0x20, spec.fixedNanoseconds ?? 0, true);
  view.setUint32(0x24, facts.blocks % 0x1_0000_0000, true);
  view.setUint32(0x28, facts.metaBlock, true);
  view.setUint32(0x2c, facts.xattrBlock, true);
  bytes.set(spec.uuid ?? [], 0x30);
  bytes.set(new TextEncoder().encode(spec.label ?? ''), 0x40);
  view.setUint32(0x50, facts.featureIncompat, true);
  view.setUint16(0x54, spec.algorithms ?? 0, true);
  view.setUint16(0x56, spec.devices?.length ?? 0, true);
  view.setUint16(0x58, spec.devices === undefined ? 0 : plan.deviceTable / DEVICE_SLOT_SIZE, true);
  view.setUint8(0x5b, facts.prefixCount);
  view.setUint32(0x5c, facts.prefixStart, true);
  view.setBigUint64(0x60, facts.packedNid, true);
  view.setUint8(0x68, spec.filterReserved ?? 0);
  view.setUint32(0x6c, spec.buildTime ?? 0, true);
  view.setBigUint64(0x70, isWide ? facts.rootNid : 0n, true);
  view.setBigUint64(0x80, facts.metaboxNid ?? 0n, true);
  spec.patch?.(view);
  image.write(SUPERBLOCK_OFFSET, bytes.subarray(0, plan.superblockSize));
  image.write(plan.configurations, configurationBytes(spec));
  image.write(plan.deviceTable, deviceTable(spec.devices ?? []));
  if (hasChecksum) image.write(SUPERBLOCK_OFFSET + 4, checksum(image, 2 ** blockBits));
}

/** What the content and the spec ask for together. */
export function incompatOf(spec: SuperblockSpec, content: number): number {
  return (
    content |
    (spec.featureIncompat ?? 0) |
    (spec.is48Bit ? FEATURE_INCOMPAT['48BIT'] : 0) |
    (spec.devices === undefined ? 0 : FEATURE_INCOMPAT.DEVICE_TABLE) |
    (spec.algorithms === undefined ? 0 : FEATURE_INCOMPAT.COMPR_CFGS | FEATURE_INCOMPAT.ZERO_PADDING)
  );
}

function deviceTable(devices: readonly DeviceSpec[]): Uint8Array {
  const table = new Uint8Array(devices.length * DEVICE_SLOT_SIZE);
  const view = new DataView(table.buffer);
  for (const [slot, { tag = '', blocks, uniaddr = 0 }] of devices.entries()) {
    const at = slot * DEVICE_SLOT_SIZE;
    table.set(new TextEncoder().encode(tag), at);
    view.setUint32(at + 64, blocks % 0x1_0000_0000, true);
    view.setUint32(at + 68, uniaddr % 0x1_0000_0000, true);
    view.setUint16(at + 72, blocks / 0x1_0000_0000, true);
    view.setUint16(at + 74, uniaddr / 0x1_0000_0000, true);
  }
  return table;
}

function checksum(image: SparseBytes, blockSize: number): Uint8Array {
  const length = blockSize > SUPERBLOCK_OFFSET ? blockSize - SUPERBLOCK_OFFSET : blockSize;
  const bytes = image.slice(SUPERBLOCK_OFFSET, length);
  bytes.fill(0, 4, 8);
  const sum = new DataView(new ArrayBuffer(4));
  sum.setUint32(0, crc32c(bytes), true);
  return new Uint8Array(sum.buffer);
}
