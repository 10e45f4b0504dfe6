import { join } from 'node:path';
import type { Scenario } from '../bench.js';
import { run } from '../measure/program.js';
import { readingContests } from './reading.js';

export const list: Scenario = {
  name: 'ls',
  title: '`ls -lR` of all files',
  contests: (bench) =>
    readingContests(bench, 'ls', ['lz4hc-64k'], {
      unit: 's',
      measure: async (path) => (await run('ls', ['-lR', join(path, 'small')], { discard: true })).seconds,
    }),
};
