/** Chunk indexes of layers, in both layouts, and the frames that they speak of. */
import { type Place, structure, words } from './structure.js';

const HEADER = structure('chunk index header', 23, [
  [0, 4],
  [4, 1],
  [4, 4],
  [5, 1],
  [6, 2],
  [8, 8],
  [16, 4],
  [20, 1],
  [21, 1],
  [22, 1],
]);
const OFFSETS = structure('chunk index entry', 16, [
  [0, 8],
  [8, 8],
]);
const FRAME = words('head of a frame', 16, 1);

export interface IndexPlaces {
  /** bytes of the input, and of the index */
  readonly index: number;
  readonly headerSize: number;
  readonly entrySize: number;
  readonly frames: readonly number[];
}

export function* chunkIndexPlaces({ index, headerSize, entrySize, frames }: IndexPlaces): Generator<Place> {
  yield { structure: HEADER, offset: index };
  for (const [chunk, frame] of frames.entries()) {
    yield { structure: OFFSETS, offset: index + headerSize + chunk * entrySize };
    yield { structure: FRAME, offset: frame };
  }
}
