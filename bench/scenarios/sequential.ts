import { join } from 'node:path';
import type { Scenario } from '../bench.js';
import { LARGE } from '../images/tree.js';
import type { VariantName } from '../images/variants.js';
import { read } from '../measure/reader.js';
import { readingContests } from './reading.js';

const PIECE = 1 << 20;

const ALL = ['lz4hc-64k', 'plain', 'lz4hc-4k', 'zstd-64k', 'fragments'] as const satisfies VariantName[];

export const sequential: Scenario = {
  name: 'sequential',
  title: 'one large file from start to end, 1 MiB a read',
  contests: (bench) =>
    readingContests(bench, 'sequential', ALL, {
      unit: 'MB/s',
      measure: async (path, { shape }) => {
        const { bytes, seconds } = await read(['sequential', join(path, LARGE), `${PIECE}`], shape.large);
        return bytes / 1e6 / seconds;
      },
    }),
};
