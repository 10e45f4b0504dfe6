/** An image whose files lie so far apart that no request for one brings a byte of another, and their digests. */
import { createHash } from 'node:crypto';
import { writeImage } from './image-writer.js';
import { flat } from './image-writer-body.js';
import { directory, file } from './image-writer-node.js';
import { Random } from './random.js';

export interface SpreadImage {
  readonly bytes: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const KIB = 1024;
/** Beyond what is fetched rather than asked for twice. */
const BETWEEN = 320 * KIB;
const SIZES = { kept: 200 * KIB, victim: 300 * KIB, other: 100 * KIB, long: 8192 * KIB };

/** Another seed gives other bytes in the same places. `sizes` in bytes, by the files' names. */
export function spreadImage(seed: number, sizes: Readonly<Record<string, number>> = SIZES): SpreadImage {
  const random = new Random(seed);
  const files = new Map(Object.entries(sizes).map(([name, size]) => [name, random.bytes(size)]));
  const filler = new Uint8Array(BETWEEN).fill(seed);
  const nodes = [...files].flatMap(([name, data]) => [
    [`before-${name}`, file(flat(filler))] as const,
    [name, file(flat(data))] as const,
  ]);
  const bytes = writeImage({ root: directory(Object.fromEntries(nodes)) }).bytes.toBytes();
  return { bytes, files };
}

/** SHA-256 in hexadecimal. */
export const digestOf = ({ files }: SpreadImage, name: string): string =>
  createHash('sha256').update(files.get(name)!).digest('hex');
