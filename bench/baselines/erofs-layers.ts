/** EROFS layers are fetched whole, side by side, mounted by the kernel and laid over each other by its overlayfs. */
import { rmSync } from 'node:fs';
import type { Mounted } from './baseline.js';
import { kernelErofs } from './kernel.js';
import { mountBy, noKernelMount } from './mounting.js';
import { type RemoteBaseline, undoAll } from './remote-baseline.js';

export const erofsLayers: RemoteBaseline = {
  name: 'EROFS layers, kernel erofs',
  missing: () => kernelErofs.missing() ?? noKernelMount('overlay'),
  obtain: async ({ layers }, site, workspace) => {
    const files = layers.map((name) => workspace.file(name));
    const mounts: Mounted[] = [];
    const undo = (): Promise<void> =>
      undoAll([
        ...mounts.toReversed().map(({ unmount }) => unmount),
        ...files.map((file) => () => rmSync(file, { force: true })),
      ]);
    try {
      await Promise.all(layers.map((name, i) => site.download(name, files[i]!)));
      for (const file of files) mounts.push(await kernelErofs.mount(file, workspace));
      const below = mounts
        .map(({ path }) => path)
        .toReversed()
        .join(':');
      const whole = await mountBy(workspace, (mountpoint) => [
        'mount',
        '-t',
        'overlay',
        '-o',
        `ro,lowerdir=${below}`,
        'overlay',
        mountpoint,
      ]);
      mounts.push(whole);
      return { path: whole.path, unmount: undo };
    } catch (error) {
      await undo();
      throw error;
    }
  },
};
