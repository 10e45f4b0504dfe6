/** Start after start of a root file system that lies on this machine: until it answers, and until a first command has run. */
import type { Baseline } from '../baselines/baseline.js';
import type { Bench, Scenario } from '../bench.js';
import type { Container } from '../images/container.js';
import { warm } from '../measure/page-cache.js';
import { run } from '../measure/program.js';
import { untilReady } from '../measure/ready-line.js';
import type { Reading } from '../measure/series.js';
import { percentile } from '../measure/statistics.js';

export const rootfsStart: Scenario = {
  name: 'rootfs-start',
  title: 'a root file system: one start after the other, until it answers and until a first command has run',
  async *contests(bench) {
    const container = await bench.images.container();
    if (container === undefined) return;
    const entries = containerServers(bench, container).map(([baseline, image]) => ({
      subject: baseline.name,
      round: () => startAgainAndAgain(bench, baseline, image, container),
    }));
    yield { scenario: 'rootfs-start', on: `${bench.size.starts} × container image`, entries };
  },
};

/** Who serves the whole container image, and from which path. */
export function containerServers(
  { baselines }: Bench,
  { folder, whole, tree }: Container,
): (readonly [baseline: Baseline, image: string])[] {
  return baselines
    .filter(({ serves }) => serves !== 'squashfs')
    .map((baseline) => [baseline, baseline.serves === 'erofs' ? `${folder}/${whole}` : tree] as const);
}

async function startAgainAndAgain(
  bench: Bench,
  baseline: Baseline,
  image: string,
  container: Container,
): Promise<Reading[]> {
  if (baseline.beginsCold) warm(image);
  const [starts, commands]: [number[], number[]] = [[], []];
  for (let i = 0; i < bench.size.starts; i++) {
    const started = performance.now();
    const mounted = await baseline.mount(image, bench.workspace);
    try {
      await run('ls', [mounted.path]);
      starts.push((performance.now() - started) / 1000);
      commands.push(await untilReady(container.command(mounted.path)));
    } finally {
      await mounted.unmount();
    }
  }
  return [0.5, 0.95].flatMap((share) => [
    { measure: `start, P${share * 100}`, unit: 's', value: percentile(starts, share) } as const,
    { measure: `first command, P${share * 100}`, unit: 's', value: percentile(commands, share) } as const,
  ]);
}
