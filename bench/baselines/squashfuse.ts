/** squashfuse_ll, over libfuse's low-level interface, as it comes. */
import { lineOf } from '../measure/program.js';
import type { Baseline } from './baseline.js';
import { mountBy, noFuse } from './mounting.js';

const version = (): string | undefined => lineOf('squashfuse_ll', ['--help'], /^squashfuse/);

export const squashfuse: Baseline = {
  name: 'squashfuse_ll',
  serves: 'squashfs',
  beginsCold: true,
  missing: () => (version() === undefined ? 'squashfuse_ll is not installed (Debian: squashfuse)' : noFuse()),
  version: () => version() ?? '',
  mount: (image, workspace) => mountBy(workspace, (mountpoint) => ['squashfuse_ll', image, mountpoint]),
};
