/** The tree itself, on the file system of the images: what no image can be expected to beat by far. */
import type { Baseline } from './baseline.js';

export const directory: Baseline = {
  name: 'plain directory',
  serves: 'directory',
  // its page cache is that of the disk: it is there from the first use on
  beginsCold: false,
  missing: () => undefined,
  version: () => '',
  mount: async (path) => ({ path, unmount: async () => {} }),
};
