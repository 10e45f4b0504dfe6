/** The command line of the fuzzer. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { FuzzError } from './errors.js';
import { TARGETS } from './targets/all.js';

export interface Settings {
  /** names of targets */
  readonly targets: readonly string[];
  /** of all targets together */
  readonly executions: number;
  readonly seconds: number;
  readonly seed: number;
  readonly workers: number;
}

export interface Reproduction {
  /** lines of inputs */
  readonly inputs: readonly string[];
}

const SECONDS = 60;

export const USAGE = `npm run fuzz -- [OPTIONS]

  --target NAME       only this one; repeatable: ${TARGETS.map(({ name }) => name).join(' ')}
  --seconds N         of all targets together; ${SECONDS} unless given, no end where --executions is given
  --executions N      of all targets together; no end unless given
  --seed N            what is random follows from it; another one each time unless given
  --workers N         threads; as many as there are processors unless given
  --reproduce INPUT   run this input alone, as a finding prints it; repeatable
  --help

A finding prints the input that makes it again; a seed gives nearly the same run, as V8 counts coverage nearly the same.`;

const OPTIONS = {
  target: { type: 'string', multiple: true },
  seconds: { type: 'string' },
  executions: { type: 'string' },
  seed: { type: 'string' },
  workers: { type: 'string' },
  reproduce: { type: 'string', multiple: true },
  help: { type: 'boolean' },
} as const;

const usage = (message: string): FuzzError =>
  new FuzzError('usage', `${message}; npm run fuzz -- --help lists the options`);

/** 'help' where that is asked for. Throws FuzzError 'usage'. */
export function parseArguments(words: readonly string[]): Settings | Reproduction | 'help' {
  const values = parsed(words);
  if (values.help) return 'help';
  if (values.reproduce !== undefined) return { inputs: values.reproduce };
  const executions = number('--executions', values.executions);
  const seconds = number('--seconds', values.seconds);
  return {
    targets: (values.target ?? TARGETS.map(({ name }) => name)).map(known),
    executions: executions ?? Number.POSITIVE_INFINITY,
    seconds: seconds ?? (executions === undefined ? SECONDS : Number.POSITIVE_INFINITY),
    seed: number('--seed', values.seed) ?? Math.floor(Math.random() * 2 ** 31),
    workers: number('--workers', values.workers) ?? availableParallelism(),
  };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS }).values;
  } catch (error) {
    // its message names the word
    throw usage((error as Error).message);
  }
}

function number(option: string, word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const value = /^\d+$/.test(word) ? Number(word) : 0;
  if (value < 1 || !Number.isSafeInteger(value))
    throw usage(`${option} ${word}: expected a whole number above 0`);
  return value;
}

function known(name: string): string {
  if (TARGETS.some((target) => target.name === name)) return name;
  throw usage(`target ${name}: expected one of ${TARGETS.map((target) => target.name).join(', ')}`);
}
