/** By fio where it is installed, and else by a reader of our own: two tools, whose figures are not to be compared. */
import { join } from 'node:path';
import type { Scenario } from '../bench.js';
import { BenchError } from '../errors.js';
import { LARGE } from '../images/tree.js';
import { lineOf, run } from '../measure/program.js';
import { read } from '../measure/reader.js';
import { readingContests } from './reading.js';

const PIECE = 4096;

export const randomReads: Scenario = {
  name: 'random-4k',
  title: '4 KiB at random places of one large file',
  async *contests(bench) {
    const count = bench.size.randomReads;
    const hasFio = lineOf('fio', ['--version']) !== undefined;
    if (!hasFio) bench.absences.note('fio', 'not installed (Debian: fio): our own reader does its work');
    yield* readingContests(bench, 'random-4k', ['lz4hc-64k', 'plain', 'zstd-64k'], {
      unit: 'reads/s',
      measure: async (path) => {
        const file = join(path, LARGE);
        if (hasFio) return fio(file, count);
        return count / (await read(['random', file, `${PIECE}`, `${count}`], count * PIECE)).seconds;
      },
    });
  },
};

async function fio(file: string, count: number): Promise<number> {
  const { stdout } = await run('fio', [
    '--name=random',
    `--filename=${file}`,
    '--readonly',
    '--rw=randread',
    `--bs=${PIECE}`,
    '--ioengine=psync',
    `--number_ios=${count}`,
    '--randseed=11',
    // the page cache is what warm and cold are about
    '--invalidate=0',
    '--output-format=json',
  ]);
  const { jobs } = JSON.parse(stdout) as {
    jobs: { read: { total_ios: number; lat_ns: { mean: number } } }[];
  };
  const { total_ios: done, lat_ns: latency } = jobs[0]!.read;
  if (done !== count) throw new BenchError('wrong-answer', `fio read ${done} times, expected ${count}`);
  // its own figure is of whole milliseconds
  return 1e9 / latency.mean;
}
