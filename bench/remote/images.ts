/** Images of one large file: as it is, and compressed. */
import { randomFillSync } from 'node:crypto';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeImage } from '../../test/support/make-image.js';
import { Random } from '../../test/support/random.js';
import type { Scratch } from '../../test/support/scratch.js';

export interface LargeFileImage {
  readonly name: string;
  readonly path: string;
  /** of the image */
  readonly bytes: number;
}

/** Of the file in an image. */
export const FILE_SIZE = 300 * 2 ** 20;
export const FILE_NAME = 'large';

const MIB = 2 ** 20;
/** LZ4 makes about half of noise of so many values. */
const VALUES = 12;

/** `-zlz4` of content that it makes half as large, and noise without compression. */
export async function largeFileImages(scratch: Scratch): Promise<LargeFileImage[]> {
  const random = new Random(1);
  const letters = random.bytes(VALUES);
  const noise = randomFillSync(new Uint8Array(MIB));
  const fill = (piece: Uint8Array, number: number): void => {
    for (let at = 0; at < MIB; at++) piece[at] = letters[(noise[(at + 4099 * number) % MIB]! * VALUES) >> 8]!;
    // and what repeats
    for (let at = 64; at < MIB; at += 128) piece.copyWithin(at, at - 64, at);
  };
  return [
    await largeFileImage(scratch, 'uncompressed', [], (piece) => randomFillSync(piece)),
    await largeFileImage(scratch, 'lz4', ['-zlz4'], fill),
  ];
}

async function largeFileImage(
  scratch: Scratch,
  name: string,
  options: readonly string[],
  fill: (piece: Uint8Array, number: number) => void,
): Promise<LargeFileImage> {
  const tree = scratch.folder('self', 'tree');
  const file = openSync(join(tree, FILE_NAME), 'wx');
  const piece = new Uint8Array(MIB);
  for (let number = 0; number * MIB < FILE_SIZE; number++) {
    fill(piece, number);
    writeSync(file, piece);
  }
  closeSync(file);
  const { image } = await makeImage(scratch, tree, options);
  return { name, path: image, bytes: statSync(image).size };
}
