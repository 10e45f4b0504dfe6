/** What an image's superblock and device table tell of the features it uses. */
import { METABOX_NID } from '../../src/erofs-reader/bytes.js';
import type { ErofsImage } from '../../src/erofs-reader/image.js';
import { FEATURE_COMPAT, FEATURE_INCOMPAT, SUPERBLOCK_OFFSET } from '../../src/erofs-reader/layout.js';
import type { Feature, Found } from './features.js';

export function findInSuperblock(image: ErofsImage, found: Found): void {
  const { geometry, bytes } = image;
  const { featureCompat, featureIncompat } = geometry;
  const view = bytes.view(0, SUPERBLOCK_OFFSET, 128);
  const wideRoot = view.getBigUint64(0x70, true) !== 0n;
  found.add(`blocks of ${geometry.blockSize} bytes` as Feature);
  found.add(featureCompat & FEATURE_COMPAT.SB_CHKSUM ? 'checksum' : 'no checksum');
  if (geometry.extensionSlots > 0) found.add('extension slots');
  if (geometry.volumeName.length > 0) found.add('volume label');
  if (geometry.buildTime !== geometry.epoch) found.add('build time apart from the epoch');
  if (featureIncompat & FEATURE_INCOMPAT.COMPR_CFGS) found.add('compression configurations');
  if (geometry.metaOffset > 0) found.add('metadata zone: nid 0 behind the data');
  if (featureIncompat & FEATURE_INCOMPAT['48BIT']) {
    found.add('48-bit addresses');
    found.add(wideRoot ? '48-bit: root nid of 8 bytes' : '48-bit: root nid of 2 bytes');
  }
  if (featureCompat & FEATURE_COMPAT.ISHARE_XATTRS) found.add('digests for sharing the page cache');
  if (geometry.rootNid >= METABOX_NID) found.add('root in the metabox');
  if (geometry.devices.length > 0) findInDevices(image, found);
}

function findInDevices(image: ErofsImage, found: Found): void {
  const { bytes, geometry } = image;
  const isFlat = bytes.sizes.length === 1;
  found.add('extra devices');
  if (isFlat) found.add('flat: devices appended to the image');
  for (const [slot, { tag, uniaddr }] of geometry.devices.entries()) {
    const [device, base] = isFlat ? [0, uniaddr * geometry.blockSize] : [slot + 1, 0];
    if (tag !== '') found.add('device tags');
    found.add(kindOf(image, device, base));
  }
}

/** What a device's own bytes say it is. */
function kindOf({ bytes }: ErofsImage, device: number, base: number): Feature {
  if (bytes.view(device, base + 257, 5).getUint32(0) === 0x75737461) return 'tar index: data in a tar file';
  const isImage = bytes.view(device, base + SUPERBLOCK_OFFSET, 4).getUint32(0, true) === 0xe0f5e1e2;
  return isImage ? 'merged: data in other images' : 'blob device of chunks';
}
