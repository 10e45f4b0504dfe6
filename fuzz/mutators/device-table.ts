/** Slots of the device table (erofs-format §7). */
import { DEVICE_SLOT_SIZE, SUPERBLOCK_OFFSET } from '../../src/erofs-reader/layout.js';
import type { ImageMetadata } from './image-metadata.js';
import { type Place, structure } from './structure.js';

const SLOT = structure('device slot', DEVICE_SLOT_SIZE, [
  [0, 1],
  [64, 4],
  [68, 4],
  [72, 2],
  [74, 2],
]);
/** of the superblock */
const SLOT_NUMBER_FIELD = 0x58;

export function* devicePlaces({ image }: ImageMetadata): Generator<Place> {
  const first = image.bytes.view(0, SUPERBLOCK_OFFSET + SLOT_NUMBER_FIELD, 2).getUint16(0, true);
  for (const i of image.geometry.devices.keys()) {
    yield { structure: SLOT, offset: (first + i) * DEVICE_SLOT_SIZE };
  }
}
