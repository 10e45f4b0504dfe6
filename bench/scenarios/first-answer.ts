import { join } from 'node:path';
import type { Baseline } from '../baselines/baseline.js';
import type { Bench, Scenario } from '../bench.js';
import { LARGE } from '../images/tree.js';
import { VARIANTS } from '../images/variants.js';
import { dropCaches, warm } from '../measure/page-cache.js';
import { run } from '../measure/program.js';
import type { Reading } from '../measure/series.js';
import { servers } from './reading.js';

const VARIANT = 'lz4hc-64k';

export const firstAnswer: Scenario = {
  name: 'first-answer',
  title: 'from the start of the mount to the answer of the first `stat`',
  async *contests(bench) {
    const subjects = (await servers(bench, VARIANT)).filter(([{ beginsCold }]) => beginsCold);
    if (subjects.length === 0) return;
    const entries = subjects.map(([baseline, image]) => ({
      subject: baseline.name,
      round: async () => {
        const readings: Reading[] = [];
        if (bench.firstUse) {
          dropCaches();
          readings.push({ measure: 'first use', unit: 's', value: await answer(bench, baseline, image) });
        }
        warm(image);
        readings.push({ measure: 'new mount', unit: 's', value: await answer(bench, baseline, image) });
        return readings;
      },
    }));
    yield { scenario: 'first-answer', on: VARIANTS[VARIANT].title, entries };
  },
};

async function answer(bench: Bench, baseline: Baseline, image: string): Promise<number> {
  const started = performance.now();
  const mounted = await baseline.mount(image, bench.workspace);
  try {
    await run('stat', [join(mounted.path, LARGE)]);
    return (performance.now() - started) / 1000;
  } finally {
    await mounted.unmount();
  }
}
