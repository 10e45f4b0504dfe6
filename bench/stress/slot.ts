/** One place where fixtures are mounted one after the other, each read by several processes at a time, and unmounted. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { asMountOptions, type Fixture } from '../../test/support/fixture.js';
import { mountBy } from '../baselines/mounting.js';
import { mountWords } from '../baselines/own.js';
import { BenchError } from '../errors.js';
import { run } from '../measure/program.js';
import type { Workspace } from '../measure/workspace.js';
import { serverOf } from '../soak/samples.js';
import { checksumList } from './checksums.js';

export interface Counts {
  mounts: number;
  /** programs that read a mount to its end, and found all of it right */
  readings: number;
}

export interface SlotOptions {
  readonly workspace: Workspace;
  readonly transport: 'dev-fuse' | 'fuse-native';
  /** processes that read one mount at a time */
  readonly readers: number;
  /** readings of each before the mount ends */
  readonly turns: number;
  isOver(): boolean;
}

/** Seconds; a busy machine may freeze what runs in its background. */
const LIMIT = 600;

/** Mounts each of the fixtures in turn until it is over. Throws BenchError where anything is wrong. */
export async function work(fixtures: Iterable<Fixture>, options: SlotOptions, counts: Counts): Promise<void> {
  for (const fixture of fixtures) {
    if (options.isOver()) return;
    await mountAndRead(fixture, options, counts);
  }
}

async function mountAndRead(fixture: Fixture, options: SlotOptions, counts: Counts): Promise<void> {
  const { workspace, transport, readers, turns, isOver } = options;
  const log = workspace.file('mount.log');
  const words = ['--transport', transport, ...asMountOptions(fixture.options)];
  const mounted = await mountBy(workspace, (mountpoint) => [
    ...mountWords([fixture.image], log, words),
    mountpoint,
  ]);
  const server = serverOf(mounted.path);
  const list = workspace.file('checksums');
  writeFileSync(list, checksumList(fixture, transport === 'fuse-native'));
  // what the server opens for its first request
  await run('find', [mounted.path], { discard: true, limit: LIMIT });
  const descriptors = openIn(server);
  await Promise.all(
    Array.from({ length: readers }, async (_, reader) => {
      for (let turn = 0; turn < turns && !isOver(); turn++) {
        await read(mounted.path, list, reader + turn);
        counts.readings += 1;
      }
    }),
  );
  const left = openIn(server);
  if (left > descriptors) {
    throw new BenchError(
      'wrong-answer',
      `${fixture.name}: ${left} descriptors open, ${descriptors} before it was read`,
    );
  }
  await mounted.unmount();
  requireQuiet(fixture, log);
  counts.mounts += 1;
}

const openIn = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Most look at the bytes; the others at everything else. */
async function read(mountpoint: string, list: string, turn: number): Promise<void> {
  const options = { cwd: mountpoint, discard: true, limit: LIMIT };
  if (turn % 4 === 1) await run('find', ['.', '-printf', '%s %m %T@ %l\\n'], options);
  else if (turn % 4 === 3) await run('tar', ['--xattrs', '-cf', '-', '.'], options);
  else await run('sha256sum', ['--quiet', '--strict', '--check', list], options);
}

function requireQuiet({ name }: Fixture, log: string): void {
  const complaints = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !/"level":(?:[0-3]\d)\b/.test(line))
    // one line for each directory with names that this transport leaves out, and says so
    .filter((line) => !line.includes('names that are not UTF-8'));
  if (complaints.length > 0) throw new BenchError('wrong-answer', `${name}: its log says ${complaints[0]}`);
}
