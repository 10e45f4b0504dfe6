/** From nothing to the ready line of the program inside a container image that is behind a shaped network. */
import { readTrace } from '../../src/prefetch/trace.js';
import { OWN } from '../baselines/baseline.js';
import { ownRemote } from '../baselines/own-remote.js';
import type { RemoteBaseline } from '../baselines/remote-baseline.js';
import type { Bench } from '../bench.js';
import { BenchError } from '../errors.js';
import type { Container } from '../images/container.js';
import { untilReady } from '../measure/ready-line.js';
import type { Contest, Reading } from '../measure/series.js';
import { Site } from '../remote-shaping/site.js';

/** This program lazily, without and with a recorded trace, against `rivals`. */
export async function* startingContests(
  bench: Bench,
  scenario: string,
  rivals: readonly RemoteBaseline[],
): AsyncGenerator<Contest> {
  const container = await bench.images.container();
  if (container === undefined) return;
  const site = await Site.start(container.folder, bench.link);
  try {
    const trace = await recordTrace(bench, container, site);
    const needed = readTrace(trace).ranges.reduce((sum, { length }) => sum + length, 0);
    if (needed === 0) throw new BenchError('wrong-answer', `${trace}: no range was recorded, expected some`);
    const all = [ownRemote(), ownRemote(`${OWN}, with a trace`, ['--prefetch', trace]), ...rivals];
    const entries = all
      .filter((baseline) => isHere(bench, baseline))
      .map((baseline) => ({
        subject: baseline.name,
        round: () => start(bench, baseline, container, site, needed),
      }));
    const { roundTrip, bandwidth } = bench.link;
    yield { scenario, on: `${roundTrip} ms round trip, ${bandwidth} MB/s`, entries };
  } finally {
    site.stop();
  }
}

function isHere(bench: Bench, baseline: RemoteBaseline): boolean {
  const why = baseline.missing();
  if (why !== undefined) bench.absences.note(baseline.name, why);
  return why === undefined;
}

async function recordTrace(bench: Bench, container: Container, site: Site): Promise<string> {
  const trace = bench.workspace.file('start.trace');
  const recording = ownRemote('recording', ['--record', trace]);
  const mounted = await recording.obtain(container, site, bench.workspace);
  try {
    await untilReady(container.command(mounted.path));
  } finally {
    await mounted.unmount();
  }
  return trace;
}

/** `needed`: bytes of the image that the program reads until it is ready. */
async function start(
  bench: Bench,
  baseline: RemoteBaseline,
  container: Container,
  site: Site,
  needed: number,
): Promise<Reading[]> {
  await site.takeBytes();
  const started = performance.now();
  const mounted = await baseline.obtain(container, site, bench.workspace);
  const obtained = (performance.now() - started) / 1000;
  try {
    const ran = await untilReady(container.command(mounted.path));
    const bytes = await site.takeBytes();
    return [
      { measure: 'until ready', unit: 's', value: obtained + ran },
      { measure: 'of it, until the tree is there', unit: 's', value: obtained },
      { measure: 'fetched', unit: 'MB', value: bytes / 1e6 },
      { measure: 'fetched of what was needed', unit: 'times', value: bytes / needed },
    ];
  } finally {
    await mounted.unmount();
  }
}
