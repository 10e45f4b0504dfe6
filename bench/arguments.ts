/** The command line of the benchmarks. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchError } from './errors.js';
import { SIZES, type SizeName } from './images/sizes.js';
import type { Link } from './remote-shaping/shaping-proxy.js';
import { PRESETS, SCENARIOS } from './scenarios/all.js';

export interface Settings {
  readonly size: SizeName;
  readonly rounds: number;
  /** names of scenarios; all where it is empty */
  readonly scenarios: readonly string[];
  /** where images are kept between runs */
  readonly images: string;
  /** whether reports are written, and where; a folder of the run's own where `output` is undefined */
  readonly writes: boolean;
  readonly output: string | undefined;
  /** an earlier report, to be compared with */
  readonly compare: string | undefined;
  readonly link: Link;
}

/** Milliseconds, and MB/s of a link of 1 Gbit/s. */
const LINK: Link = { roundTrip: 20, bandwidth: 125 };

export const USAGE = `npm run bench -- [OPTIONS]

  --quick              smaller images, fewer rounds: under 2 minutes once the images are made
  --short              whether every scenario works: seconds; the times say nothing
  --scenario NAME      only this one; repeatable: ${SCENARIOS.map(({ name }) => name).join(' ')}
  --preset rootfs      ${PRESETS.rootfs.join(' ')}
  --rounds N           rounds of each scenario; ${SIZES.full.rounds} unless given
  --compare FILE       a bench.json of an earlier run: prints what changed since
  --images DIR         where images are kept between runs; ~/.cache/erofsjs-bench unless given
  --output DIR         where bench.json, bench.md and bench.html go; results/TIME beside the images unless given
  --no-output          print only
  --round-trip MS      of the network of the remote scenarios; ${LINK.roundTrip} unless given
  --bandwidth MB       its bandwidth, in MB/s; ${LINK.bandwidth} unless given
  --help

Scenarios may also stand alone: npm run bench -- ls tar`;

const OPTIONS = {
  quick: { type: 'boolean' },
  short: { type: 'boolean' },
  scenario: { type: 'string', multiple: true },
  preset: { type: 'string' },
  rounds: { type: 'string' },
  compare: { type: 'string' },
  images: { type: 'string' },
  output: { type: 'string' },
  'no-output': { type: 'boolean' },
  'round-trip': { type: 'string' },
  bandwidth: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const usage = (message: string): BenchError =>
  new BenchError('usage', `${message}; npm run bench -- --help lists the options`);

/** 'help' where that is asked for. Throws BenchError 'usage'. */
export function parseArguments(words: readonly string[]): Settings | 'help' {
  const { values, positionals } = parsed(words);
  if (values.help) return 'help';
  if (values.quick && values.short) throw usage('--quick and --short were both given, expected one of them');
  const size: SizeName = values.short ? 'short' : values.quick ? 'quick' : 'full';
  const rounds = number('--rounds', values.rounds) ?? SIZES[size].rounds;
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw usage(`--rounds ${values.rounds}: expected a whole number above 0`);
  }
  return {
    size,
    rounds,
    scenarios: [...scenariosOf(values.preset), ...[...(values.scenario ?? []), ...positionals].map(known)],
    images: resolve(values.images ?? defaultImages()),
    writes: values['no-output'] !== true,
    output: values.output === undefined ? undefined : resolve(values.output),
    compare: values.compare === undefined ? undefined : resolve(values.compare),
    link: {
      roundTrip: number('--round-trip', values['round-trip']) ?? LINK.roundTrip,
      bandwidth: number('--bandwidth', values.bandwidth) ?? LINK.bandwidth,
    },
  };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // its message names the word
    throw usage((error as Error).message);
  }
}

function number(option: string, word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const value = word.trim() === '' ? Number.NaN : Number(word);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw usage(`${option} ${word}: expected a number above 0`);
  return value;
}

function scenariosOf(preset: string | undefined): readonly string[] {
  if (preset === undefined) return [];
  if (!Object.hasOwn(PRESETS, preset)) {
    throw usage(`--preset ${preset}: expected one of ${Object.keys(PRESETS).join(', ')}`);
  }
  return PRESETS[preset as keyof typeof PRESETS];
}

function known(name: string): string {
  if (SCENARIOS.some((scenario) => scenario.name === name)) return name;
  throw usage(`scenario ${name}: expected one of ${SCENARIOS.map((scenario) => scenario.name).join(', ')}`);
}

const defaultImages = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'erofsjs-bench');
