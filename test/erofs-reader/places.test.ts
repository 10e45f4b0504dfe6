/** Where bytes lie: the rules of the device table, and of uncompressed pclusters. */
import t from 'tap';
import { DeviceMap, type DeviceSlot } from '../../src/erofs-reader/devices.js';
import type { RawExtent } from '../../src/erofs-reader/extent.js';
import { plainExtent } from '../../src/erofs-reader/extent-checks.js';
import type { ErofsImage } from '../../src/erofs-reader/image.js';

const BLOCK = 4096;

const slots: readonly DeviceSlot[] = [
  { tag: '', blocks: 10, uniaddr: 5 },
  { tag: '', blocks: 20, uniaddr: 15 },
  { tag: '', blocks: 7, uniaddr: 0 },
];

t.test('devices that were given', async (t) => {
  const map = new DeviceMap(slots, 3, BLOCK, 5 * BLOCK);
  t.strictSame(map.resolve(2, 100), { device: 2, offset: 100 }, 'an id leads to the device');
  t.strictSame(map.resolve(0, 5 * BLOCK - 1), { device: 0, offset: 5 * BLOCK - 1 });
  t.strictSame(map.resolve(0, 5 * BLOCK), { device: 1, offset: 0 }, 'one address space: the first byte');
  t.strictSame(map.resolve(0, 15 * BLOCK - 1), { device: 1, offset: 10 * BLOCK - 1 }, 'the last byte');
  t.strictSame(map.resolve(0, 15 * BLOCK), { device: 2, offset: 0 });
  t.strictSame(map.resolve(0, 35 * BLOCK), { device: 0, offset: 35 * BLOCK }, 'behind all devices');
  t.throws(() => map.resolve(4, 0), { code: 'corrupt', message: /device id 4, the image declares 3/ });
  t.equal(map.idMask, 3);
});

t.test('devices that lie in the image itself', async (t) => {
  const flat = new DeviceMap(slots.slice(0, 2), 0, BLOCK, 35 * BLOCK);
  t.strictSame(flat.resolve(2, 100), { device: 0, offset: 15 * BLOCK + 100 });
  t.strictSame(flat.resolve(0, 20 * BLOCK), { device: 0, offset: 20 * BLOCK });
  t.throws(() => new DeviceMap(slots.slice(0, 2), 0, BLOCK, 15 * BLOCK), { code: 'missing-device' });
  t.throws(
    () => new DeviceMap(slots, 0, BLOCK, 100 * BLOCK),
    { code: 'missing-device' },
    'no place is declared',
  );
});

/** The file bytes start .. start + length as indexes into the pcluster, put together from the extents. */
function indexes(start: number, length: number, interlaced: boolean): number[] {
  const image = {
    geometry: { blockSize: BLOCK },
    devices: new DeviceMap([], 0, BLOCK, 0),
  } as unknown as ErofsImage;
  const found: number[] = [];
  for (let position = start; position < start + length; position++) {
    const extent = plainExtent(image, 0, start, length, interlaced, position) as RawExtent;
    if (position < extent.start || position >= extent.start + extent.length)
      t.fail('an extent without its byte');
    found.push(extent.offset + position - extent.start);
  }
  return found;
}

t.test('uncompressed pclusters, as they are and interlaced', async (t) => {
  const counted = (length: number, from = 0) => Array.from({ length }, (_, i) => from + i);
  t.strictSame(indexes(300, 4096, false), counted(4096), 'shifted');
  t.strictSame(
    indexes(300, 4096, true),
    [...counted(4096 - 300, 300), ...counted(300)],
    'what stands behind the border in the file stands first in the pcluster',
  );
  t.strictSame(indexes(300, 50, true), counted(50, 300), 'all before the border');
  t.strictSame(indexes(8192, 4096, true), counted(4096), 'on a border nothing is rotated');
  t.strictSame(indexes(4000, 8192, true), [...counted(96, 4000), ...counted(8096)], 'two blocks');
});
