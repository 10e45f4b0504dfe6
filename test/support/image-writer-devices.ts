/** An image over three extra devices, given one by one or lying in the image itself: for reader and mounts. */
import { type ImageSpec, writeImage } from './image-writer.js';
import { chunked, encoded, raw } from './image-writer-body.js';
import { directory, file } from './image-writer-node.js';
import { SparseBytes } from './image-writer-sparse.js';

const BLOCK = 4096;
/** blocks of the image and of each device; the devices follow each other in one address space */
const PRIMARY = 8;
const BLOCKS = [4, 6, 5] as const;
const UNIADDR = [PRIMARY, PRIMARY + 4, PRIMARY + 10] as const;

/** Every block of a device is filled with its own text. */
const blockOf = (device: number, block: number): string =>
  `device ${device} block ${block} `.repeat(BLOCK).slice(0, BLOCK);

/** What each file shows. */
export const deviceFiles: Readonly<Record<string, string>> = {
  'by-id': blockOf(1, 3) + blockOf(2, 0) + blockOf(3, 4),
  // with three devices two bits of an id count
  masked: blockOf(1, 1) + blockOf(3, 0),
  'flat-by-address': blockOf(2, 4) + blockOf(2, 5),
  'chunk-by-address': blockOf(3, 1),
  'encoded-by-address': blockOf(1, 2),
};

const spec: ImageSpec = {
  is48Bit: true,
  blocks: PRIMARY,
  devices: BLOCKS.map((blocks, n) => ({ tag: `blob-${n + 1}`, blocks, uniaddr: UNIADDR[n]! })),
  root: directory({
    'by-id': file(
      chunked({
        size: 3 * BLOCK,
        bits: 0,
        indexes: true,
        chunks: [
          { device: 1, block: 3 },
          { device: 2, block: 0 },
          { device: 3, block: 4 },
        ],
      }),
    ),
    masked: file(
      chunked({
        size: 2 * BLOCK,
        bits: 0,
        indexes: true,
        chunks: [
          { device: 0xfffd, block: 1 },
          { device: 0x8003, block: 0 },
        ],
      }),
    ),
    'flat-by-address': file(raw({ layout: 0, size: 2 * BLOCK, address: UNIADDR[1] + 4 })),
    'chunk-by-address': file(chunked({ size: BLOCK, bits: 0, chunks: [{ block: UNIADDR[2] + 1 }] })),
    'encoded-by-address': file(
      encoded({
        size: BLOCK,
        recordSize: 16,
        extents: [{ start: 0, length: BLOCK, offset: (UNIADDR[0] + 2) * BLOCK }],
      }),
    ),
  }),
};

/** The image, then its devices. */
export function deviceImages(): readonly SparseBytes[] {
  const devices = BLOCKS.map((blocks, n) => {
    const bytes = new SparseBytes();
    for (let block = 0; block < blocks; block++) {
      bytes.write(block * BLOCK, new TextEncoder().encode(blockOf(n + 1, block)));
    }
    return bytes;
  });
  return [writeImage(spec).bytes, ...devices];
}

/** One file with everything in it: the image, then each device where its `uniaddr` says. */
export function flatImage(): SparseBytes {
  const [image, ...devices] = deviceImages();
  for (const [n, device] of devices.entries()) image!.write(UNIADDR[n]! * BLOCK, device.toBytes());
  return image!;
}
