/** A mount that 16 processes read can be ended by every hand, and leaves no mount, no process and nobody in a D state. */
import { once } from 'node:events';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFusePlain, devFuseRoot, fuseNative } from '../support/front-end.js';
import { fileDigests, readManifest } from '../support/manifest.js';
import { mountedAt, processesWith } from '../support/mount-table.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, pythonWords } from '../support/python.js';
import { describeRun, erofs, killGroup, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import type { User } from '../support/user.js';

const readers = 16;
const scratch = new Scratch(t);
const image = fixture('wide-lz4hc-c64k-frag');
const digests = JSON.stringify(fileDigests(readManifest(image.manifest)));

type End = (mounted: Mounted, user: User) => Promise<void>;

const command =
  (flag: string): End =>
  async ({ mountpoint }, user) => {
    const said = await erofs(['umount', flag, mountpoint], { user });
    if (said.status !== 0) throw new Error(`erofs umount ${flag}: ${describeRun(said)}`);
  };

const signal =
  (name: NodeJS.Signals): End =>
  async ({ mountpoint }) => {
    for (const pid of daemonsOf(mountpoint)) process.kill(pid, name);
  };

const ends: Record<string, End> = {
  'SIGTERM to the daemon': signal('SIGTERM'),
  'SIGKILL to the daemon and erofs umount': async (mounted, user) => {
    await signal('SIGKILL')(mounted, user);
    await command('--lazy')(mounted, user);
  },
  'erofs umount --force': command('--force'),
};

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  const skip = front.missing ?? noPython ?? false;
  for (const [name, end] of Object.entries(ends)) {
    t.test(`${name}, ${front.name}`, { skip }, async (t) => {
      const mounted = await mount(scratch, front, image);
      const load = await underLoad(mounted.mountpoint, front.user);
      await end(mounted, front.user);
      t.same(await load.ended, 0, 'the readers met an error or their end, never wrong bytes');
      t.same(await remains(mounted.mountpoint), [], 'no mount and no process is left');
    });
  }

  t.test(`erofs umount --lazy lets the readers go on, ${front.name}`, { skip }, async (t) => {
    const mounted = await mount(scratch, front, image);
    const load = await underLoad(mounted.mountpoint, front.user);
    await command('--lazy')(mounted, front.user);
    t.equal(mountedAt(mounted.mountpoint), undefined, 'it is detached at once');
    load.stop();
    await load.ended;
    t.same(await remains(mounted.mountpoint), [], 'with its last reader the daemon has ended');
  });

  t.test(`erofs umount of a busy mount names who holds it, ${front.name}`, { skip }, async (t) => {
    const mounted = await mount(scratch, front, image);
    // root may not enter the mount of a plain user: the holder goes there itself
    const holder = start('env', ['-C', mounted.mountpoint, 'sleep', '300'], { user: front.user });
    await until(() => processesWith('sleep\u0000300').some(({ pid }) => pid === holder.pid));
    t.teardown(() => killGroup(holder));
    const said = await erofs(['umount', mounted.mountpoint], { user: front.user });
    t.equal(said.status, 1, describeRun(said));
    t.match(said.stderr, new RegExp(`\\b${holder.pid}\\b`), 'the process');
    t.match(said.stderr, /sleep/, 'its name');
    t.ok(mountedAt(mounted.mountpoint), 'the mount goes on');
    const exit = once(holder, 'exit');
    killGroup(holder);
    await exit;
    const again = await erofs(['umount', mounted.mountpoint], { user: front.user });
    t.equal(again.status, 0, `free again: ${describeRun(again)}`);
    t.same(await remains(mounted.mountpoint), []);
  });
}

const daemonsOf = (mountpoint: string): number[] =>
  processesWith(mountpoint)
    .filter(({ words }) => !words.some((word) => word.endsWith('readers.py')))
    .map(({ pid }) => pid);

interface Load {
  /** the exit status: 3 says that wrong bytes were read */
  readonly ended: Promise<number | string>;
  stop(): void;
}

/** Resolves once the readers have begun. */
async function underLoad(mountpoint: string, user: User): Promise<Load> {
  const [python, words] = pythonWords(program('readers.py'), mountpoint, `${readers}`, '0');
  // their own folder is not on the mount: what holds it are their open files alone
  const child = start(python, words, { user });
  t.teardown(() => killGroup(child));
  child.stdin?.end(digests);
  let isStopped = false;
  const ended = once(child, 'exit').then(
    ([status, ended]) => (isStopped ? 0 : (status ?? ended)) as number | string,
  );
  await Promise.race([once(child.stdout!, 'data'), ended]);
  return {
    ended,
    stop: () => {
      isStopped = true;
      killGroup(child);
    },
  };
}
