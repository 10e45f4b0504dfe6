/** What reading all of the tree costs the machine. The kernel's drivers have no process of their own: they are not told apart. */
import type { Baseline } from '../baselines/baseline.js';
import type { Bench, Scenario } from '../bench.js';
import { VARIANTS } from '../images/variants.js';
import { usage } from '../measure/daemon.js';
import { warm } from '../measure/page-cache.js';
import { run } from '../measure/program.js';
import type { Reading } from '../measure/series.js';
import { servers } from './reading.js';

const VARIANT_NAMES = ['lz4hc-64k', 'plain'] as const;

export const resources: Scenario = {
  name: 'resources',
  title: 'memory and CPU of the server after `tar c` of everything',
  async *contests(bench) {
    for (const name of VARIANT_NAMES.slice(0, bench.size.variants)) {
      const entries = (await servers(bench, name)).map(([baseline, image]) => ({
        subject: baseline.name,
        round: () => readAll(bench, baseline, image),
      }));
      if (entries.length > 0) yield { scenario: 'resources', on: VARIANTS[name].title, entries };
    }
  },
};

async function readAll(bench: Bench, baseline: Baseline, image: string): Promise<Reading[]> {
  if (baseline.beginsCold) warm(image);
  const mounted = await baseline.mount(image, bench.workspace);
  try {
    const { seconds } = await run('tar', ['-C', mounted.path, '-cf', '-', '.'], { discard: true });
    const used = usage(mounted.path);
    return [
      { measure: 'time', unit: 's', value: seconds },
      ...(used === undefined
        ? []
        : ([
            { measure: 'CPU', unit: 's', value: used.cpu },
            { measure: 'resident', unit: 'MiB', value: used.resident },
            { measure: 'resident at most', unit: 'MiB', value: used.peak },
          ] as const)),
    ];
  } finally {
    await mounted.unmount();
  }
}
