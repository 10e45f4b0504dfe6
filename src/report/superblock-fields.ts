/** The superblock, device slots and compression records as they stand on disk (docs/erofs-format.md §1, §3, §7). */
import { roundUp } from '../erofs-reader/bytes.js';
import { compatFeatureNames, incompatFeatureNames } from '../erofs-reader/features.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import {
  ALGORITHM_NAMES,
  DEVICE_SLOT_SIZE,
  FEATURE_INCOMPAT,
  SUPERBLOCK_EXTENSION_SIZE,
  SUPERBLOCK_OFFSET,
  SUPERBLOCK_SIZE,
} from '../erofs-reader/layout.js';
import { type FieldRule, type OnDiskStructure, readFields } from './on-disk-field.js';

const hexadecimal = (value: number): string => `0x${value.toString(16)}`;
const named =
  (names: (bits: number) => string[]) =>
  (bits: number): string =>
    [hexadecimal(bits), ...names(bits)].join(' ');

/** `u16At0e` and `u16At54` have other names by the features of the image. */
const superblockRules = (u16At0e: string, u16At54: string): readonly FieldRule[] => [
  { offset: 0x00, name: 'magic', kind: 'u32', meaning: hexadecimal },
  { offset: 0x04, name: 'checksum', kind: 'u32', meaning: hexadecimal },
  { offset: 0x08, name: 'feature_compat', kind: 'u32', meaning: named(compatFeatureNames) },
  { offset: 0x0c, name: 'blkszbits', kind: 'u8', meaning: (bits) => `${2 ** bits} bytes` },
  { offset: 0x0d, name: 'sb_extslots', kind: 'u8' },
  { offset: 0x0e, name: u16At0e, kind: 'u16' },
  { offset: 0x10, name: 'inos', kind: 'u64' },
  { offset: 0x18, name: 'epoch', kind: 's64' },
  { offset: 0x20, name: 'fixed_nsec', kind: 'u32' },
  { offset: 0x24, name: 'blocks_lo', kind: 'u32' },
  { offset: 0x28, name: 'meta_blkaddr', kind: 'u32' },
  { offset: 0x2c, name: 'xattr_blkaddr', kind: 'u32' },
  { offset: 0x30, name: 'uuid', kind: 'uuid' },
  { offset: 0x40, name: 'volume_name', kind: 'text', length: 16 },
  { offset: 0x50, name: 'feature_incompat', kind: 'u32', meaning: named(incompatFeatureNames) },
  { offset: 0x54, name: u16At54, kind: 'u16' },
  { offset: 0x56, name: 'extra_devices', kind: 'u16' },
  { offset: 0x58, name: 'devt_slotoff', kind: 'u16' },
  { offset: 0x5a, name: 'dirblkbits', kind: 'u8' },
  { offset: 0x5b, name: 'xattr_prefix_count', kind: 'u8' },
  { offset: 0x5c, name: 'xattr_prefix_start', kind: 'u32' },
  { offset: 0x60, name: 'packed_nid', kind: 'u64' },
  { offset: 0x68, name: 'xattr_filter_reserved', kind: 'u8' },
  { offset: 0x69, name: 'ishare_xattr_prefix_id', kind: 'u8' },
  { offset: 0x6a, name: 'reserved', kind: 'bytes', length: 2 },
  { offset: 0x6c, name: 'build_time', kind: 'u32' },
  { offset: 0x70, name: 'rootnid_8b', kind: 'u64' },
  { offset: 0x78, name: 'reserved2', kind: 'u64' },
  { offset: 0x80, name: 'metabox_nid', kind: 'u64' },
  { offset: 0x88, name: 'reserved3', kind: 'u64' },
];

const DEVICE_SLOT: readonly FieldRule[] = [
  { offset: 0, name: 'tag', kind: 'text', length: 64 },
  { offset: 64, name: 'blocks_lo', kind: 'u32' },
  { offset: 68, name: 'uniaddr_lo', kind: 'u32' },
  { offset: 72, name: 'blocks_hi', kind: 'u16' },
  { offset: 74, name: 'uniaddr_hi', kind: 'u16' },
];

/** By algorithm number, behind a u16 with the record's size. */
const CONFIGURATIONS: readonly { readonly name: string; readonly rules: readonly FieldRule[] }[] = [
  {
    name: 'struct z_erofs_lz4_cfgs',
    rules: [
      { offset: 2, name: 'max_distance', kind: 'u16' },
      { offset: 4, name: 'max_pclusterblks', kind: 'u16' },
    ],
  },
  {
    name: 'struct z_erofs_lzma_cfgs',
    rules: [
      { offset: 2, name: 'dict_size', kind: 'u32' },
      { offset: 6, name: 'format', kind: 'u16' },
    ],
  },
  { name: 'struct z_erofs_deflate_cfgs', rules: [{ offset: 2, name: 'windowbits', kind: 'u8' }] },
  {
    name: 'struct z_erofs_zstd_cfgs',
    rules: [
      { offset: 2, name: 'format', kind: 'u8' },
      { offset: 3, name: 'windowlog', kind: 'u8' },
    ],
  },
];

/** The superblock first. Throws 'truncated', Miss. */
export function superblockStructures(image: ErofsImage): OnDiskStructure[] {
  const { geometry, bytes } = image;
  const { extensionSlots, featureIncompat, devices } = geometry;
  const size = SUPERBLOCK_SIZE + extensionSlots * SUPERBLOCK_EXTENSION_SIZE;
  const view = bytes.view(0, SUPERBLOCK_OFFSET, size);
  const isWide = (featureIncompat & FEATURE_INCOMPAT['48BIT']) !== 0 && view.getBigUint64(0x70, true) !== 0n;
  const hasConfigurations = (featureIncompat & FEATURE_INCOMPAT.COMPR_CFGS) !== 0;
  const rules = superblockRules(
    isWide ? 'blocks_hi' : 'rootnid_2b',
    hasConfigurations ? 'available_compr_algs' : 'lz4_max_distance',
  );
  const structures: OnDiskStructure[] = [
    {
      name: 'struct erofs_super_block',
      place: 'image',
      offset: SUPERBLOCK_OFFSET,
      fields: readFields(view, SUPERBLOCK_OFFSET, rules),
    },
  ];
  if (hasConfigurations) structures.push(...configurationStructures(image, SUPERBLOCK_OFFSET + size));
  const table = view.getUint16(0x58, true) * DEVICE_SLOT_SIZE;
  for (let slot = 0; slot < devices.length; slot++) {
    const offset = table + slot * DEVICE_SLOT_SIZE;
    const fields = readFields(bytes.view(0, offset, DEVICE_SLOT_SIZE), offset, DEVICE_SLOT);
    structures.push({ name: 'struct erofs_deviceslot', place: 'image', offset, fields });
  }
  return structures;
}

function configurationStructures({ geometry, bytes }: ErofsImage, start: number): OnDiskStructure[] {
  const structures: OnDiskStructure[] = [];
  let at = start;
  for (let algorithm = 0; algorithm < ALGORITHM_NAMES.length; algorithm++) {
    if (!(geometry.algorithms & (1 << algorithm))) continue;
    at = roundUp(at, 4);
    const length = 2 + bytes.view(0, at, 2).getUint16(0, true);
    const { name, rules } = CONFIGURATIONS[algorithm]!;
    const all: readonly FieldRule[] = [{ offset: 0, name: 'size', kind: 'u16' }, ...rules];
    structures.push({
      name,
      place: 'image',
      offset: at,
      fields: readFields(bytes.view(0, at, length), at, all),
    });
    at += length;
  }
  return structures;
}
