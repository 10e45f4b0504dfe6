/** Images with one thing wrong in each: findings of the code and path that each is listed under, and no others. */
import type { FindingCode } from '../../src/check/finding.js';
import type { DamageCase } from './damage-case.js';
import { damagedData } from './damaged-data.js';
import { damagedDirectories } from './damaged-directories.js';
import { damagedInodes } from './damaged-inodes.js';
import { damagedSuperblocks } from './damaged-superblocks.js';
import { damagedXattrs } from './damaged-xattrs.js';

export const damagedImages: readonly DamageCase[] = [
  ...damagedSuperblocks,
  ...damagedInodes,
  ...damagedDirectories,
  ...damagedXattrs,
  ...damagedData,
];

/** Codes that take more than an image of one's own: proof.test.ts shows them. */
export const shownElsewhere: readonly FindingCode[] = ['integrity'];
