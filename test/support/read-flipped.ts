/**
 * A program: `read-flipped.js FIXTURE FIRST-SEED SEEDS`. Reads all of a fixture untouched, then all of it again with
 * bits turned over, once a seed, and prints a FlippedReport. A process of its own has a peak memory of its own.
 */
import { readFileSync } from 'node:fs';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { openSources } from '../../src/open.js';
import { fixture, optionValues } from './fixture.js';
import { DAMAGES, flip, inodeOffsets } from './flips.js';
import { MemorySource } from './memory-source.js';
import { Random } from './random.js';
import { readEverything } from './read-everything.js';

export interface FlippedReport {
  /** bytes: peak of resident memory, of the untouched image and then of all */
  readonly untouchedPeak: number;
  readonly peak: number;
  /** problems met, by code, and seeds that did not even open */
  readonly problems: Record<string, number>;
  readonly refused: number;
  /** what nothing may throw, one line each */
  readonly unexpected: readonly string[];
}

const UNTOUCHED_ROUNDS = 3;

const [name, firstSeed, seeds] = process.argv.slice(2) as [string, string, string];
const { image, options } = fixture(name);
const [original, ...devices] = [image, ...optionValues(options, 'device')].map((path) => readFileSync(path));
const offset = Number(optionValues(options, 'offset')[0] ?? 0);
const damaged = new Uint8Array(original!);
const sources = [damaged, ...devices!].map((bytes) => new MemorySource(bytes));

const problems: Record<string, number> = {};
const unexpected: string[] = [];
let refused = 0;

const count = ({ code }: { code: string }): void => {
  problems[code] = (problems[code] ?? 0) + 1;
};

async function read(): Promise<void> {
  const opened = await openSources(sources, { offset }, (problem) => count(problem as ErofsError));
  try {
    await readEverything(opened, count);
  } finally {
    opened.close();
  }
}

/** Bytes. The garbage of one round must not count for the next: it is collected behind each. */
function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}

const untouched = await openSources(sources, { offset });
const inodes = await inodeOffsets(untouched);
for (let round = 0; round < UNTOUCHED_ROUNDS; round++) {
  await read();
  gc?.();
}
if (Object.keys(problems).length > 0) throw new Error(`${name} untouched: ${JSON.stringify(problems)}`);
const untouchedPeak = peakMemory();

for (let seed = Number(firstSeed); seed < Number(firstSeed) + Number(seeds); seed++) {
  damaged.set(original!);
  flip(damaged.subarray(offset), DAMAGES[seed % DAMAGES.length]!, inodes, new Random(seed));
  try {
    await read();
  } catch (error) {
    if (error instanceof ErofsError) refused++;
    else unexpected.push(`seed ${seed}: ${(error as Error).stack}`);
  }
  gc?.();
}

const report: FlippedReport = { untouchedPeak, peak: peakMemory(), problems, refused, unexpected };
process.stdout.write(JSON.stringify(report));
