/** What `erofs info` tells of an image without looking at its files. */
import { nidName } from '../erofs-reader/bytes.js';
import { readCompressionRecords } from '../erofs-reader/compression-records.js';
import type { DeviceSlot } from '../erofs-reader/devices.js';
import { compatFeatureNames, incompatFeatureNames } from '../erofs-reader/features.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import { FEATURE_COMPAT } from '../erofs-reader/layout.js';
import type { Geometry } from '../erofs-reader/superblock.js';
import { SHORT_PREFIXES } from '../erofs-reader/xattr-prefix.js';
import type { OpenedLayer } from '../open.js';
import { escapeBytes } from './escape.js';
import type { Problems } from './problems.js';

/** The JSON form as well. Sizes in bytes, times in seconds since 1970, nids as `erofs stat` prints them. */
export interface SuperblockSummary {
  readonly block_size: number;
  /** of the image and all its devices */
  readonly blocks: number;
  /** of the image alone */
  readonly primary_blocks: number;
  readonly uuid: string;
  readonly volume_name: string;
  readonly build_time: number;
  /** what the times of compact inodes count from */
  readonly epoch: number;
  /** as stored; null where the image has none */
  readonly checksum: string | null;
  /** units of 16 bytes behind the superblock */
  readonly extension_slots: number;
  /** byte address of nid 0 */
  readonly metadata_offset: number;
  readonly root_nid: string;
  readonly packed_nid: string | null;
  readonly metabox_nid: string | null;
  readonly inodes: number;
  readonly features: { readonly compatible: string[]; readonly incompatible: string[] };
  readonly devices: readonly DeviceSlot[];
  /** the algorithms that are declared, whether used or not */
  readonly compression: readonly CompressionSummary[];
  /** long xattr name prefixes; null where the image has none */
  readonly xattr_prefixes: XattrPrefixSummary | null;
}

export interface CompressionSummary {
  readonly algorithm: string;
  readonly window_bytes: number;
  readonly max_pcluster_bytes: number | null;
}

export interface XattrPrefixSummary {
  /** what the table's offset counts in */
  readonly place: 'image' | 'packed inode' | 'metabox';
  /** percent-escaped; null hides the attributes that begin with it */
  readonly prefixes: readonly (string | null)[];
}

/** A table of prefixes that cannot be read goes to `problems`. */
export async function summarizeSuperblock(
  opened: OpenedLayer,
  problems: Problems,
): Promise<SuperblockSummary> {
  const { image } = opened;
  const { geometry } = image;
  const records = await opened.run(() => readCompressionRecords(image.bytes, geometry));
  return {
    block_size: geometry.blockSize,
    blocks: geometry.totalBlocks,
    primary_blocks: geometry.blocks,
    uuid: uuidString(geometry.uuid),
    volume_name: new TextDecoder().decode(geometry.volumeName),
    build_time: geometry.buildTime,
    epoch: geometry.epoch,
    checksum: geometry.featureCompat & FEATURE_COMPAT.SB_CHKSUM ? checksumString(geometry.checksum) : null,
    extension_slots: geometry.extensionSlots,
    metadata_offset: geometry.metaOffset,
    root_nid: nidName(geometry.rootNid),
    packed_nid: optionalNid(geometry.packedNid),
    metabox_nid: optionalNid(geometry.metaboxNid),
    inodes: geometry.inodes,
    features: {
      compatible: compatFeatureNames(geometry.featureCompat),
      incompatible: incompatFeatureNames(geometry.featureIncompat),
    },
    devices: geometry.devices,
    compression: records.map(({ algorithm, window, maxPcluster }) => ({
      algorithm,
      window_bytes: window,
      max_pcluster_bytes: maxPcluster ?? null,
    })),
    xattr_prefixes: await xattrPrefixes(opened, problems),
  };
}

async function xattrPrefixes(opened: OpenedLayer, problems: Problems): Promise<XattrPrefixSummary | null> {
  const { image } = opened;
  if (image.geometry.xattrPrefixCount === 0) return null;
  try {
    const prefixes = await opened.run(() => image.xattrPrefixes());
    return {
      place: placeOfPrefixes(image),
      prefixes: prefixes.map(({ base, infix }) => {
        const prefix = SHORT_PREFIXES[base];
        return prefix === undefined ? null : escapeBytes(prefix) + escapeBytes(infix);
      }),
    };
  } catch (error) {
    problems.add(error);
    return null;
  }
}

/** The rule stands in erofs-format §9.3; xattr-prefix.ts reads by it. */
function placeOfPrefixes({ geometry }: ErofsImage): XattrPrefixSummary['place'] {
  const { featureCompat, metaboxNid, packedNid } = geometry;
  if (featureCompat & FEATURE_COMPAT.PLAIN_XATTR_PFX) return 'image';
  if (metaboxNid !== undefined) return 'metabox';
  return packedNid === undefined ? 'image' : 'packed inode';
}

function optionalNid(nid: Geometry['packedNid']): string | null {
  return nid === undefined ? null : nidName(nid);
}

function checksumString(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, '0')}`;
}

/** 8-4-4-4-12, the bytes as they stand. */
function uuidString(uuid: Uint8Array): string {
  const hex = Buffer.from(uuid).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
