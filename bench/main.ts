/** `npm run bench`: this program beside what people would use instead, on this machine. */
import { join } from 'node:path';
import { Absences } from './absences.js';
import { parseArguments, type Settings, USAGE } from './arguments.js';
import { presentBaselines } from './baselines/all.js';
import type { Bench } from './bench.js';
import { BenchError } from './errors.js';
import { Images } from './images/images.js';
import { Kept } from './images/kept.js';
import { SIZES } from './images/sizes.js';
import { noDropping } from './measure/page-cache.js';
import { Workspace } from './measure/workspace.js';
import { compare, readReport } from './report/compare.js';
import { thisMachine, versionsOf } from './report/machine.js';
import { failureLines, markdown } from './report/markdown.js';
import { FORMAT, FORMAT_VERSION, type Report } from './report/report.js';
import { writeReport } from './report/write.js';
import { runScenarios } from './run-scenarios.js';
import { chosen } from './scenarios/all.js';

/** Exit codes: something failed; the command line was wrong. */
const FAILED = 1;
const WRONG_USAGE = 2;

const say = (line: string): void => console.error(line);

/** With the seconds since the start. */
const progress = (line: string): void => say(`${Math.round(performance.now() / 1000)} s: ${line}`);

async function measure(settings: Settings): Promise<Report> {
  const { rounds, link } = settings;
  const size = SIZES[settings.size];
  const machine = thisMachine();
  const workspace = new Workspace();
  const absences = new Absences();
  const baselines = presentBaselines(absences);
  const images = new Images(size, new Kept(settings.images, progress), workspace, absences);
  const given = `--${settings.size}`;
  if (size.variants < SIZES.full.variants) {
    absences.note(`variants of the image beyond the first ${size.variants}`, `not in ${given}`);
  }
  const unable = size.dropsCaches ? noDropping() : `not in ${given}`;
  const dropsCaches = unable === undefined;
  if (!dropsCaches) absences.note('cold: a mount whose page cache was emptied', unable);
  const firstUse = dropsCaches && size.firstUse;
  if (!firstUse) absences.note('first use, with nothing in the page cache', unable ?? `not in ${given}`);
  const bench: Bench = { size, images, workspace, absences, baselines, dropsCaches, firstUse, link };
  const scenarios = chosen(settings.scenarios);
  const outcome = await runScenarios(scenarios, bench, rounds, progress);
  workspace.clean();
  return {
    format: FORMAT,
    version: FORMAT_VERSION,
    when: new Date().toISOString(),
    size: settings.size,
    rounds,
    link,
    machine,
    versions: versionsOf(baselines),
    titles: Object.fromEntries(scenarios.map(({ name, title }) => [name, title])),
    ...outcome,
    absences: absences.all,
  };
}

async function main(): Promise<number> {
  const settings = parseArguments(process.argv.slice(2));
  if (settings === 'help') {
    console.log(USAGE);
    return 0;
  }
  // a file that is no report is told before an hour has gone
  const before = settings.compare === undefined ? undefined : readReport(settings.compare);
  const report = await measure(settings);
  console.log(markdown(report));
  if (before !== undefined) console.log(compare(before, report));
  if (settings.writes) {
    const folder = settings.output ?? join(settings.images, 'results', report.when.replaceAll(':', '-'));
    for (const path of writeReport(report, folder)) say(`wrote ${path}`);
  }
  for (const line of failureLines(report)) say(`failed: ${line}`);
  return report.failures.length === 0 ? 0 : FAILED;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { message } = error as Error;
  say(`bench: ${message}`);
  process.exitCode = error instanceof BenchError && error.code === 'usage' ? WRONG_USAGE : FAILED;
}
