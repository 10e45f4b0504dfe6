/** `npm run stress`: many processes read many mounts, which come and go, for as long as it is told. */
import { parseArgs } from 'node:util';
import { allFixtures, type Fixture } from '../../test/support/fixture.js';
import { mountsBelow, processesWith } from '../../test/support/mount-table.js';
import { untilEmpty } from '../../test/support/until.js';
import { BenchError } from '../errors.js';
import { Workspace } from '../measure/workspace.js';
import { type Counts, type SlotOptions, work } from './slot.js';

const USAGE = `npm run stress -- [OPTIONS]

  --seconds N     for so long on each transport, 600 unless given
  --transport T   dev-fuse or fuse-native; both, one after the other, unless given
  --slots N       mounts at a time, 8 unless given
  --readers N     processes that read each of them, 8 unless given
  --turns N       what each of them reads before the mount ends, 6 unless given
  --help`;

const TRANSPORTS = ['dev-fuse', 'fuse-native'] as const;

const OPTIONS = {
  seconds: { type: 'string', default: '600' },
  transport: { type: 'string', multiple: true },
  slots: { type: 'string', default: '8' },
  readers: { type: 'string', default: '8' },
  turns: { type: 'string', default: '6' },
  help: { type: 'boolean' },
} as const;

/** Throws BenchError 'usage'. */
function numberOf(option: string, word: string): number {
  const value = Number(word);
  if (Number.isInteger(value) && value > 0) return value;
  throw new BenchError('usage', `--${option} ${word}: expected a whole number above 0`);
}

/** Every fixture in turn, without an end; `first` says with which a slot begins. */
function* endless(first: number): Generator<Fixture> {
  for (let at = first; ; at++) yield allFixtures[at % allFixtures.length]!;
}

/** Throws BenchError for the first thing that is wrong, or left behind. */
async function stress(slots: number, seconds: number, options: Omit<SlotOptions, 'isOver'>): Promise<Counts> {
  const { workspace, transport } = options;
  const deadline = performance.now() + seconds * 1000;
  let failed = false;
  const isOver = (): boolean => failed || performance.now() > deadline;
  const counts: Counts = { mounts: 0, readings: 0 };
  const apart = Math.max(1, Math.floor(allFixtures.length / slots));
  const ended = await Promise.allSettled(
    Array.from({ length: slots }, async (_, slot) => {
      try {
        await work(endless(slot * apart), { ...options, isOver }, counts);
      } catch (error) {
        failed = true;
        throw error;
      }
    }),
  );
  for (const outcome of ended) if (outcome.status === 'rejected') throw outcome.reason;
  const left = await untilEmpty(() => [
    ...mountsBelow(workspace.path).map(({ mountpoint }) => `${mountpoint} is mounted`),
    ...processesWith(workspace.path).map(({ pid, words }) => `process ${pid}: ${words.join(' ').trim()}`),
  ]);
  if (left.length > 0) throw new BenchError('wrong-answer', `${transport}: left behind: ${left.join('; ')}`);
  return counts;
}

async function main(): Promise<void> {
  const { values } = parsed();
  if (values.help === true) return console.log(USAGE);
  const [seconds, slots, readers, turns] = (['seconds', 'slots', 'readers', 'turns'] as const).map((option) =>
    numberOf(option, values[option]),
  ) as [number, number, number, number];
  for (const transport of values.transport ?? TRANSPORTS) {
    const known = TRANSPORTS.find((name) => name === transport);
    if (known === undefined) {
      throw new BenchError('usage', `--transport ${transport}: expected one of ${TRANSPORTS.join(', ')}`);
    }
    const workspace = new Workspace();
    const counts = await stress(slots, seconds, { workspace, transport: known, readers, turns });
    workspace.clean();
    console.log(
      `${transport}: ${seconds} s, ${slots * readers} processes at a time, ${counts.mounts} mounts, ${counts.readings} readings, nothing wrong, nothing left`,
    );
  }
}

function parsed() {
  try {
    return parseArgs({ options: OPTIONS });
  } catch (error) {
    throw new BenchError('usage', `${(error as Error).message}; npm run stress -- --help lists the options`);
  }
}

try {
  await main();
} catch (error) {
  console.error(`stress: ${(error as Error).message}`);
  process.exitCode = error instanceof BenchError && error.code === 'usage' ? 2 : 1;
}
