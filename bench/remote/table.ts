/** Rounds as text. */
import { FILE_SIZE, type LargeFileImage } from './images.js';
import type { Round } from './rounds.js';

const KINDS = ['download', 'cold', 'warm', 'local'] as const;

/** What each way is to reach of another one, in the same round. */
const RATIOS = [
  { of: 'cold', to: 'download', aim: 0.7 },
  { of: 'warm', to: 'local', aim: 0.9 },
] as const;

/** A line for each way with its times in ms and MB/s, and one for each ratio of speeds. */
export function tableOf({ name, bytes }: LargeFileImage, rounds: readonly Round[]): string {
  const megabytes = (size: number) => (size / 1e6).toFixed(0);
  const lines = [`${name}: a file of ${megabytes(FILE_SIZE)} MB in an image of ${megabytes(bytes)} MB`];
  for (const kind of KINDS) {
    const times = rounds.map((round) => round[kind]);
    const size = kind === 'download' ? bytes : FILE_SIZE;
    const speed = size / 1000 / middleOf(times);
    lines.push(`  ${kind.padEnd(18)}${spreadOf(times, 0)} ms, ${speed.toFixed(0)} MB/s`);
  }
  for (const { of, to, aim } of RATIOS) {
    const ratios = rounds.map((round) => round[to] / round[of]);
    const each = ratios.map((ratio) => ratio.toFixed(2)).join(' ');
    lines.push(`  ${`${of} of ${to}`.padEnd(18)}${spreadOf(ratios, 2)}; each round: ${each}; aim ${aim}`);
  }
  return lines.join('\n');
}

const spreadOf = (values: readonly number[], digits: number): string => {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(digits));
  return `median ${middleOf(values).toFixed(digits)}, ${least} to ${most}`;
};

const middleOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
