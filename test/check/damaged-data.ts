/** Images in which file data lies wrong or cannot be decoded. */
import { FEATURE_INCOMPAT } from '../../src/erofs-reader/layout.js';
import { chunked, encoded, flat, inline, raw } from '../support/image-writer-body.js';
import { file } from '../support/image-writer-node.js';
import { MemorySource } from '../support/memory-source.js';
import { addingTo, type DamageCase, ofFile } from './damage-case.js';

export const damagedData: DamageCase[] = [];
const damage = addingTo(damagedData);

damage('bad-extent', 'blocks beyond the image', () =>
  ofFile(file(flat('data'), { patch: (i) => i.setUint32(16, 0xffffff, true) }), /data at 0xffffff000 \+ 4/),
);

damage('bad-extent', 'a chunk on a device that the table does not have', () => {
  const x = file(chunked({ size: 4096, bits: 0, indexes: true, chunks: [{ block: 0, device: 3 }] }));
  const made = ofFile(x, /chunk table: device id 3/, { devices: [{ blocks: 1 }, { blocks: 1 }] });
  const blob = () => new MemorySource(new Uint8Array(4096));
  return { ...made, devices: [blob(), blob()] };
});

damage('bad-extent', 'a tail that crosses a block', () =>
  ofFile(
    file(inline('data'), { patch: (inode) => inode.setUint32(8, 4090, true) }),
    /inline tail of 4090 bytes at 0x[0-9a-f]+ crosses a block/,
  ),
);

damage('bad-extent', 'a fragment without a packed inode', () => {
  const header = new Uint8Array(8);
  header[7] = 0x80;
  return ofFile(
    file(raw({ layout: 1, size: 10, attached: header, unit: 8 })),
    /a fragment in an image without a packed inode/,
  );
});

damage('bad-extent', 'a fragment beyond the packed inode', () => {
  const header = new Uint8Array(8);
  header[7] = 0x80;
  header[0] = 95;
  return ofFile(
    file(raw({ layout: 1, size: 10, attached: header, unit: 8 })),
    /fragment at 0x5f \+ 10 bytes, the packed inode has 100/,
    { packed: new Uint8Array(100) },
  );
});

damage('oversized-index', 'more entries than the image has bytes', () =>
  ofFile(
    file(raw({ layout: 1, size: 2 ** 40, attached: new Uint8Array(64), unit: 8 })),
    /an index of 268435456 entries, more than the image can still hold/,
  ),
);

damage('data-overlap', 'data on the inodes', () => {
  const patch = (inode: DataView) => inode.setUint32(16, 1, true);
  return ofFile(file(flat('data'.repeat(50)), { patch }), /data at 0x1000 to 0x10c8 lies on metadata/);
});

/** LZ4: ten literals and nothing more, right-aligned behind zeros. */
const PCLUSTER = Uint8Array.of(...new Uint8Array(32), 0xa0, ...Buffer.from('0123456789'));
const LZ4_EXTENTS = { is48Bit: true, algorithms: 1, featureIncompat: FEATURE_INCOMPAT.ZERO_PADDING };
const LZ4 = 1;

damage('pcluster-overlap', 'a pcluster that starts within another', () => {
  const offset = 0x8000;
  const extents = [
    { start: 0, encoded: PCLUSTER, offset, format: LZ4 },
    { start: 10, encoded: PCLUSTER.subarray(16), offset: offset + 16, format: LZ4 },
  ];
  const x = file(encoded({ size: 20, recordSize: 16, extents }));
  return ofFile(x, /pcluster at 0x8010 to 0x802b lies on pcluster at 0x8000/, LZ4_EXTENTS);
});

damage('undecodable', 'a pcluster that ends within a literal run', () => {
  const extents = [{ start: 0, encoded: PCLUSTER.subarray(0, 40), offset: 0x8000, format: LZ4 }];
  const x = file(encoded({ size: 10, recordSize: 16, extents }));
  return ofFile(x, /pcluster of 40 bytes at 0x8000: LZ4/, LZ4_EXTENTS);
});
