/** What the figures hold for: this machine, and the versions of all that took part. */
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Baseline } from '../baselines/baseline.js';
import { mkfsVersion, mksquashfsVersion } from '../images/makers.js';
import { lineOf } from '../measure/program.js';
import { isRoot } from '../measure/root.js';
import type { Machine } from './report.js';

export const thisMachine = (): Machine => ({
  system: `${type()} ${release()}`,
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory: Math.round(totalmem() / 2 ** 20),
  root: isRoot,
  load: loadavg()[0]!,
});

export function versionsOf(baselines: readonly Baseline[]): Record<string, string> {
  const tools = {
    'mkfs.erofs': mkfsVersion(),
    mksquashfs: mksquashfsVersion(),
    fio: lineOf('fio', ['--version']),
    rclone: lineOf('rclone', ['version']),
  };
  return Object.fromEntries(
    [
      ['node', process.version],
      ...baselines.map((baseline) => [baseline.name, baseline.version()]),
      ...Object.entries(tools),
    ].filter(([, version]) => version),
  );
}
