/** The descriptor of fs-verity. */
import { type Place, structure } from './structure.js';

const DESCRIPTOR = structure('fs-verity descriptor', 256, [
  [0, 1],
  [1, 1],
  [2, 1],
  [3, 1],
  [4, 4],
  [8, 8],
  [16, 8],
  [40, 8],
  [80, 8],
  [104, 8],
  [112, 8],
]);

export const fsVerityPlaces: readonly Place[] = [{ structure: DESCRIPTOR, offset: 0 }];
