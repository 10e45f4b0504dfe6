/** The catalogue: every way in which an image that opens can be wrong, one row each. */

import type { Row } from './row.js';
import { dataRows } from './rows-data.js';
import { directoryRows } from './rows-directories.js';
import { fragmentRows } from './rows-fragments.js';
import { indexRows } from './rows-indexes.js';
import { inodeRows } from './rows-inodes.js';
import { pclusterRows } from './rows-pclusters.js';
import { xattrRows } from './rows-xattrs.js';
import type { WorldName } from './worlds.js';

export const rows: readonly Row[] = [
  ...directoryRows,
  ...inodeRows,
  ...xattrRows,
  ...dataRows,
  ...indexRows,
  ...pclusterRows,
  ...fragmentRows,
];

export const rowsOf = (world: WorldName): readonly Row[] => rows.filter((row) => row.world === world);
