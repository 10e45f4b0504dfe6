import { join } from 'node:path';
import type { Scenario } from '../bench.js';
import { run } from '../measure/program.js';
import { readingContests } from './reading.js';

/** Attributes of everything, in the order of the directories. */
const FORMAT = '%p %m %u %s %T@\n';

export const find: Scenario = {
  name: 'find',
  title: '`find -printf` of all files',
  contests: (bench) =>
    readingContests(bench, 'find', ['lz4hc-64k'], {
      unit: 's',
      measure: async (path) =>
        (await run('find', [join(path, 'small'), '-printf', FORMAT], { discard: true })).seconds,
    }),
};
