/** The whole image is fetched, then the kernel mounts it. */
import { rmSync } from 'node:fs';
import { kernelErofs } from './kernel.js';
import { type RemoteBaseline, undoAll } from './remote-baseline.js';

export const fullDownload: RemoteBaseline = {
  name: 'full download, kernel erofs',
  missing: () => kernelErofs.missing(),
  obtain: async (container, site, workspace) => {
    const image = workspace.file('whole.erofs');
    await site.download(container.whole, image);
    const mounted = await kernelErofs.mount(image, workspace);
    return { path: mounted.path, unmount: () => undoAll([mounted.unmount, () => rmSync(image)]) };
  },
};
