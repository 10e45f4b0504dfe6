/** rclone shows the server's files through FUSE, and the kernel mounts the image among them. */

import { join } from 'node:path';
import { lineOf } from '../measure/program.js';
import { kernelErofs } from './kernel.js';
import { mountBy, noFuse } from './mounting.js';
import { type RemoteBaseline, undoAll } from './remote-baseline.js';

export const rclone: RemoteBaseline = {
  name: 'rclone mount, kernel erofs',
  missing: () =>
    lineOf('rclone', ['version']) === undefined
      ? 'rclone is not installed (Debian: rclone)'
      : (noFuse() ?? kernelErofs.missing()),
  obtain: async (container, site, workspace) => {
    const cache = workspace.folder('rclone');
    const served = await mountBy(workspace, (mountpoint) => [
      'rclone',
      'mount',
      '--config',
      join(cache, 'rclone.conf'),
      '--cache-dir',
      cache,
      '--http-url',
      site.origin,
      '--read-only',
      '--vfs-cache-mode',
      'full',
      '--daemon',
      ':http:',
      mountpoint,
    ]);
    try {
      const mounted = await kernelErofs.mount(join(served.path, container.whole), workspace);
      return { path: mounted.path, unmount: () => undoAll([mounted.unmount, served.unmount]) };
    } catch (error) {
      await served.unmount();
      throw error;
    }
  },
};
