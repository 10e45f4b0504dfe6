/** tar.gz layers are fetched side by side and unpacked one over the other into a directory, as overlayfs snapshotters do. */
import { rmSync } from 'node:fs';
import { run } from '../measure/program.js';
import type { RemoteBaseline } from './remote-baseline.js';

export const unpackedLayers: RemoteBaseline = {
  name: 'tar.gz layers, unpacked',
  missing: () => undefined,
  obtain: async ({ archives }, site, workspace) => {
    const tree = workspace.folder('tree');
    const files = archives.map((name) => workspace.file(name));
    const arrivals = archives.map((name, i) => site.download(name, files[i]!));
    // what fails later than the first one is told by that one
    for (const arrival of arrivals) arrival.catch(() => {});
    for (const [i, arrival] of arrivals.entries()) {
      await arrival;
      await run('tar', ['-C', tree, '-xzf', files[i]!]);
    }
    const remove = async (): Promise<void> => {
      for (const path of [tree, ...files]) rmSync(path, { recursive: true, force: true });
    };
    return { path: tree, unmount: remove };
  },
};
