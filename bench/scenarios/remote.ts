import { fullDownload } from '../baselines/full-download.js';
import { rclone } from '../baselines/rclone.js';
import type { Scenario } from '../bench.js';
import { startingContests } from './starting.js';

export const remote: Scenario = {
  name: 'remote',
  title: 'one image behind a network: from nothing to the ready line of a program inside',
  contests: (bench) => startingContests(bench, 'remote', [fullDownload, rclone]),
};
