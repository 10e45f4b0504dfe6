/** Many mounts of one image that begin at the same moment, each until its first answer. */
import type { Baseline, Mounted } from '../baselines/baseline.js';
import type { Bench, Scenario } from '../bench.js';
import { VARIANTS } from '../images/variants.js';
import { usage } from '../measure/daemon.js';
import { warm } from '../measure/page-cache.js';
import { run } from '../measure/program.js';
import type { Reading } from '../measure/series.js';
import { percentile } from '../measure/statistics.js';
import { servers } from './reading.js';

const VARIANT = 'lz4hc-64k';

export const manyMounts: Scenario = {
  name: 'many-mounts',
  title: 'many mounts at once, each until its first answer',
  async *contests(bench) {
    const subjects = (await servers(bench, VARIANT)).filter(([{ beginsCold }]) => beginsCold);
    if (subjects.length === 0) return;
    const entries = subjects.map(([baseline, image]) => ({
      subject: baseline.name,
      round: () => mountMany(bench, baseline, image, bench.size.mounts),
    }));
    yield { scenario: 'many-mounts', on: `${bench.size.mounts} × ${VARIANTS[VARIANT].title}`, entries };
  },
};

/** P50, P95 and P99 of the seconds from the common start to each first answer; and what a mount takes of memory. */
export async function mountMany(
  bench: Bench,
  baseline: Baseline,
  image: string,
  count: number,
): Promise<Reading[]> {
  warm(image);
  const mounted: Mounted[] = [];
  const started = performance.now();
  const one = async (): Promise<number> => {
    const mount = await baseline.mount(image, bench.workspace);
    mounted.push(mount);
    await run('ls', [mount.path]);
    return (performance.now() - started) / 1000;
  };
  try {
    const outcomes = await Promise.allSettled(Array.from({ length: count }, one));
    const seconds = outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
    const readings: Reading[] = [0.5, 0.95, 0.99].map((share) => ({
      measure: `P${share * 100}`,
      unit: 's',
      value: percentile(seconds, share),
    }));
    const memory = mounted.map(({ path }) => usage(path)?.proportional);
    if (memory.every((mebibytes) => mebibytes !== undefined)) {
      const sum = memory.reduce((total, mebibytes) => total + mebibytes, 0);
      readings.push({ measure: 'memory a mount', unit: 'MiB', value: sum / count });
    }
    return readings;
  } finally {
    await Promise.all(mounted.map((mount) => mount.unmount()));
  }
}
