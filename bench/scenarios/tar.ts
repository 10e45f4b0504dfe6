import type { Scenario } from '../bench.js';
import { run } from '../measure/program.js';
import { readingContests } from './reading.js';

export const tar: Scenario = {
  name: 'tar',
  title: '`tar c` of all small files',
  contests: (bench) =>
    readingContests(bench, 'tar', ['lz4hc-64k', 'plain', 'fragments'], {
      unit: 's',
      measure: async (path) =>
        (await run('tar', ['-C', path, '-cf', '-', 'small'], { discard: true })).seconds,
    }),
};
