/** The kernel's own file systems, over a loop device that mount(8) makes and the unmount frees. */
import { release } from 'node:os';
import type { Baseline } from './baseline.js';
import { mountBy, noKernelMount } from './mounting.js';

const kernel = (type: 'erofs' | 'squashfs'): Baseline => ({
  name: `kernel ${type}`,
  serves: type,
  beginsCold: true,
  missing: () => noKernelMount(type),
  version: () => release(),
  mount: (image, workspace) =>
    mountBy(workspace, (mountpoint) => ['mount', '-i', '-t', type, '-o', 'ro,loop', image, mountpoint]),
});

export const kernelErofs = kernel('erofs');
export const kernelSquashfs = kernel('squashfs');
