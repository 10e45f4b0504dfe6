/** Mounts and unmounts again and again: exit 0 means a live mount, and nothing is left behind. */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import t from 'tap';
import { fixture } from './fixture.js';
import type { FrontEnd } from './front-end.js';
import { mountedAt, processesWith } from './mount-table.js';
import { mountWords, remains } from './mounted.js';
import { describeRun, erofs, run } from './run.js';
import { Scratch } from './scratch.js';
import { untilEmpty } from './until.js';

/** Each round ends in the next of these ways. */
const ends = [
  'an umount from outside',
  'SIGTERM to the daemon',
  'erofs umount',
  'SIGINT to the daemon',
] as const;

/** One mount and unmount writes a few lines to the log; a log that grows faster says something is wrong. */
const logBytesPerRound = 2000;

export function mountRounds(front: FrontEnd, rounds: number): void {
  const scratch = new Scratch(t);
  t.test(`${rounds} mounts in a row through ${front.name}`, { skip: front.missing ?? false }, async (t) => {
    const image = fixture('plain');
    const mountpoint = scratch.folder(front.user, 'mountpoint');
    const log = `${scratch.folder(front.user, 'log')}/mount.log`;
    const words = mountWords(front, image, mountpoint, log);
    for (let round = 0; round < rounds; round += 1) {
      const said = await erofs(words, { user: front.user });
      const end = ends[round % ends.length]!;
      const name = `round ${round}, ended by ${end}`;
      if (!t.equal(said.status, 0, `${name}: ${describeRun(said)}`)) break;
      // the very first look at it, by a process that has nothing to do with it
      const look = await run('stat', ['-c', '%F', `${mountpoint}/sizes`], { user: front.user });
      t.equal(look.stdout.trim(), 'directory', `${name}: answers at once ${look.stderr}`);
      await endMount(end, front, mountpoint);
      const left = await remains(mountpoint);
      if (!t.same(left, [], `${name}: nothing is left`)) break;
    }
    t.ok(statSync(log).size < rounds * logBytesPerRound, 'the log stays short');
    const complaints = readLog(log).filter(({ level }) => (level ?? 0) >= 40);
    t.same(complaints, [], `no warning and no error in ${basename(log)}`);
  });
}

async function endMount(end: (typeof ends)[number], front: FrontEnd, mountpoint: string): Promise<void> {
  if (end === 'erofs umount') {
    const said = await erofs(['umount', mountpoint], { user: front.user });
    if (said.status !== 0) throw new Error(`erofs umount: ${describeRun(said)}`);
  } else if (end === 'an umount from outside') {
    const program = front.user === 'plain' ? ['fusermount3', '-u'] : ['umount'];
    const ended = await run(program[0]!, [...program.slice(1), mountpoint], { user: front.user });
    if (ended.status !== 0) throw new Error(`${program.join(' ')}: ${describeRun(ended)}`);
  } else {
    const daemons = processesWith(mountpoint);
    if (daemons.length === 0) throw new Error(`no process names ${mountpoint}: there is no daemon to end`);
    for (const { pid } of daemons) process.kill(pid, end.startsWith('SIGTERM') ? 'SIGTERM' : 'SIGINT');
    await untilEmpty(() => (mountedAt(mountpoint) ? [mountpoint] : []));
  }
}

const readLog = (path: string): { level?: number; msg?: string }[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { level?: number; msg?: string });
