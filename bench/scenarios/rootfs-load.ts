/** What reading all of a root file system takes of the machine: cores, memory of the server, page cache. */
import type { Baseline } from '../baselines/baseline.js';
import type { Bench, Scenario } from '../bench.js';
import { loadDuring, usage } from '../measure/daemon.js';
import { dropCaches, pageCache } from '../measure/page-cache.js';
import { run } from '../measure/program.js';
import type { Reading } from '../measure/series.js';
import { containerServers } from './rootfs-start.js';

export const rootfsLoad: Scenario = {
  name: 'rootfs-load',
  title: 'a root file system: CPU, memory and page cache while all of it is read',
  async *contests(bench) {
    const container = await bench.images.container();
    if (container === undefined) return;
    const entries = containerServers(bench, container).map(([baseline, image]) => ({
      subject: baseline.name,
      round: () => readAll(bench, baseline, image),
    }));
    yield { scenario: 'rootfs-load', on: 'container image', entries };
  },
};

async function readAll(bench: Bench, baseline: Baseline, image: string): Promise<Reading[]> {
  if (bench.firstUse) dropCaches();
  const before = pageCache();
  const { path, unmount } = await baseline.mount(image, bench.workspace);
  try {
    const load = await loadDuring(path, async () => {
      await run('tar', ['-C', path, '-cf', '-', '.'], { discard: true });
    });
    const readings: Reading[] = [];
    const note = (measure: string, unit: Reading['unit'], value: number): void =>
      void readings.push({ measure, unit, value });
    // what other programs have read meanwhile counts as well
    if (bench.firstUse) note('page cache', 'MiB', pageCache() - before);
    const used = usage(path);
    if (load === undefined || used === undefined) return readings;
    note('CPU at most', 'cores', load.peak);
    note('CPU in the mean', 'cores', load.average);
    note('resident at most', 'MiB', used.peak);
    return readings;
  } finally {
    await unmount();
  }
}
