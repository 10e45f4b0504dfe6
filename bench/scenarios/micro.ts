/** The parts of this program alone: bench/micro/parts.ts, in a process of its own each round. */
import { fileURLToPath } from 'node:url';
import type { Scenario } from '../bench.js';
import { run } from '../measure/program.js';
import type { Reading } from '../measure/series.js';

const PROGRAM = fileURLToPath(new URL('../micro/parts.js', import.meta.url));

export const micro: Scenario = {
  name: 'micro',
  title: 'parts of this program: one operation',
  async *contests(bench) {
    const image = await bench.images.erofs('lz4hc-64k');
    if (image === undefined) return;
    const milliseconds = bench.size.rounds === 1 ? 20 : 250;
    const round = async (): Promise<Reading[]> => {
      const { stdout } = await run(process.execPath, [PROGRAM, image, `${milliseconds}`, '--json']);
      const parts = JSON.parse(stdout) as { name: string; microseconds: number }[];
      return parts.map(({ name, microseconds }) => ({ measure: name, unit: 'µs', value: microseconds }));
    };
    yield { scenario: 'micro', on: 'parts', entries: [{ subject: 'erofsjs', round }] };
  },
};
