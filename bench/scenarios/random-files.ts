import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../test/support/random.js';
import type { Scenario } from '../bench.js';
import { smallFile } from '../images/tree.js';
import { read } from '../measure/reader.js';
import { readingContests } from './reading.js';

export const randomFiles: Scenario = {
  name: 'random-files',
  title: 'small files at random, each wholly',
  async *contests(bench) {
    const { folder, shape } = await bench.images.tree();
    const random = new Random(5);
    const paths = Array.from({ length: bench.size.randomFiles }, () => smallFile(random.below(shape.files)));
    const bytes = paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
    const file = bench.workspace.file('paths');
    writeFileSync(file, `${paths.join('\n')}\n`);
    yield* readingContests(bench, 'random-files', ['lz4hc-64k', 'fragments'], {
      unit: 's',
      measure: async (path) => (await read(['files', path, file], bytes)).seconds,
    });
  },
};
