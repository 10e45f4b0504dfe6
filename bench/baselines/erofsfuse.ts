/** erofsfuse of erofs-utils, over libfuse, as it comes. */
import { lineOf } from '../measure/program.js';
import type { Baseline } from './baseline.js';
import { mountBy, noFuse } from './mounting.js';

const version = (): string | undefined => lineOf('erofsfuse', ['--version'], /^erofsfuse/);

export const erofsfuse: Baseline = {
  name: 'erofsfuse',
  serves: 'erofs',
  beginsCold: true,
  missing: () =>
    version() === undefined
      ? 'erofsfuse is not installed (Debian: erofsfuse; or erofs-utils --enable-fuse)'
      : noFuse(),
  version: () => version() ?? '',
  mount: (image, workspace) => mountBy(workspace, (mountpoint) => ['erofsfuse', image, mountpoint]),
};
