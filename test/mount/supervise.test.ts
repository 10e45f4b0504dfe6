/**
 * Under --supervise, kill -9 of the serving process is a pause: whoever reads, lists and stats meets neither an error nor a wrong
 * byte. KILL_ROUNDS says how often it is killed, STALL_LIMIT how many seconds one call may take then (on a machine at rest).
 */
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { orderUpgrade } from '../../src/fuse/control-socket.js';
import { FaultServer } from '../remote/fault-server.js';
import { fixture } from '../support/fixture.js';
import { devFusePlain, devFuseRoot } from '../support/front-end.js';
import { readManifest } from '../support/manifest.js';
import { mountedAt, processesWith } from '../support/mount-table.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, pythonWords } from '../support/python.js';
import { digestOf, spreadImage } from '../support/remote-spread.js';
import { describeRun, erofs, killGroup, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import type { User } from '../support/user.js';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 2);
const STALL_LIMIT = Number(process.env.STALL_LIMIT ?? Number.POSITIVE_INFINITY);
const READERS = 8;
/** A process that dies sooner counts as one that cannot serve: see Supervision. */
const SETTLED_MS = 1_100;

const scratch = new Scratch(t);
if (ROUNDS > 20) t.setTimeout(ROUNDS * 10_000);
const image = fixture('lz4-dedupe-fragments-ztail');
const supervised = { ...image, words: ['--supervise'] };

const supervisorOf = ({ mountpoint }: Mounted): number | undefined =>
  processesWith(`erofs supervisor ${mountpoint}`)[0]?.pid;

const serversOf = ({ mountpoint }: Mounted): number[] =>
  processesWith(`.erofs ${mountpoint}`)
    .filter(({ words }) => words[0]!.startsWith('erofs '))
    .map(({ pid }) => pid);

const takeovers = ({ log }: Mounted): number =>
  readFileSync(log, 'utf8').split('another process serves the mount').length - 1;

/** Settles when all of its threads have stopped: until one of them has seen the signal, the others go on. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const states = () =>
    readdirSync(`/proc/${pid}/task`).map(
      (task) => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'))?.[1],
    );
  await until(() => states().every((state) => state === 'T'));
}

interface Result {
  readonly wrong: readonly string[];
  readonly operations: number;
  /** seconds */
  readonly longest: number;
}

/** Programs that read, list and stat without a pause until `finish`. */
async function restless(
  t: Test,
  { mountpoint }: Mounted,
  user: User,
): Promise<{ finish(): Promise<Result> }> {
  const child = start(...pythonWords(program('restless.py'), mountpoint, `${READERS}`), { user });
  t.teardown(() => killGroup(child));
  child.stdin!.write(`${JSON.stringify(readManifest(image.manifest))}\n`);
  let said = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  await until(() => said.startsWith('reading\n') || child.exitCode !== null);
  return {
    async finish() {
      child.stdin!.end();
      await closed;
      return JSON.parse(said.slice('reading\n'.length)) as Result;
    },
  };
}

for (const front of [devFuseRoot, devFusePlain]) {
  const { user } = front;
  const skip = front.missing ?? noPython ?? false;
  // the second says only that descriptors and rights are handed on as well
  const rounds = front === devFuseRoot ? ROUNDS : 1;
  t.test(`kill -9, ${rounds} times, and an upgrade, ${front.name}`, { skip }, async (t) => {
    const environment = user === 'plain' ? { XDG_RUNTIME_DIR: scratch.folder(user, 'runtime') } : {};
    const mounted = await mount(scratch, front, { ...supervised, environment });
    const load = await restless(t, mounted, user);
    for (let round = 1; round <= rounds; round++) {
      const [server] = serversOf(mounted);
      process.kill(server!, 'SIGKILL');
      t.ok(await until(() => takeovers(mounted) === round), `process ${server} has a successor`);
      await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    }
    const [before] = serversOf(mounted);
    const said = await erofs(['upgrade', mounted.mountpoint], { user, environment });
    t.equal(said.status, 0, describeRun(said));
    const after = serversOf(mounted);
    t.equal(after.length, 1, 'one process serves');
    t.not(after[0], before, 'and it is another one');
    t.match(said.stdout, new RegExp(`is served by version [\\d.]+ \\(process ${after[0]}\\)`));

    const { wrong, operations, longest } = await load.finish();
    t.same(wrong, [], `${operations} operations were right`);
    t.ok(operations > rounds * READERS, 'all went on');
    t.ok(longest < STALL_LIMIT, `the longest took ${longest} s`);
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), [], 'the supervisor ends with the mount');
  });
}

t.test('what ends a supervised mount', { skip: devFuseRoot.missing ?? false }, async (t) => {
  for (const [name, pick] of [
    ['the supervisor', supervisorOf],
    ['the serving process', (mounted: Mounted) => serversOf(mounted)[0]],
  ] as const) {
    await t.test(`SIGTERM to ${name}`, async (t) => {
      const mounted = await mount(scratch, devFuseRoot, supervised);
      process.kill(pick(mounted)!, 'SIGTERM');
      t.same(await remains(mounted.mountpoint), []);
      t.equal(takeovers(mounted), 0, 'and no process was started for it again');
    });
  }

  await t.test('five deaths at once', async (t) => {
    const mounted = await mount(scratch, devFuseRoot, supervised);
    const kill = (): boolean => {
      for (const pid of serversOf(mounted)) process.kill(pid, 'SIGKILL');
      return mountedAt(mounted.mountpoint) === undefined;
    };
    t.ok(await until(kill), 'the mount is gone');
    t.same(await remains(mounted.mountpoint), []);
    t.match(readFileSync(mounted.log, 'utf8'), /5 serving processes died at once; the mount ends with them/);
  });
});

t.test(
  'a supervisor that is killed leaves a mount that answers',
  { skip: devFuseRoot.missing ?? false },
  async (t) => {
    const mounted = await mount(scratch, devFuseRoot, supervised);
    process.kill(supervisorOf(mounted)!, 'SIGKILL');
    t.ok(
      await until(() => readFileSync(mounted.log, 'utf8').includes('the supervisor is gone')),
      'it is told',
    );
    const listed = await run('ls', [mounted.mountpoint]);
    t.equal(listed.status, 0, describeRun(listed));
    const upgraded = await erofs(['upgrade', mounted.mountpoint]);
    t.equal(upgraded.status, 1);
    t.match(upgraded.stderr, /no supervisor answers for the mount/);
    const said = await erofs(['umount', mounted.mountpoint]);
    t.equal(said.status, 0, describeRun(said));
    t.same(await remains(mounted.mountpoint), []);
  },
);

t.test('a request that kills whoever serves it', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const mounted = await mount(scratch, devFuseRoot, supervised);
  const file = fileURLToPath(new URL('../fuse/crashing-serving-program.js', import.meta.url));
  await orderUpgrade(mounted.mountpoint, [supervisorOf(mounted)!], { node: process.execPath, file });
  const statted = await run('stat', [`${mounted.mountpoint}/die`]);
  t.match(statted.stderr, /Input\/output error/, 'fails in the end');
  const log = readFileSync(mounted.log, 'utf8');
  t.match(log, /"refuseResent":true/);
  t.ok(takeovers(mounted) <= 4, `after ${takeovers(mounted) - 1} processes`);
  const listed = await run('ls', [mounted.mountpoint]);
  t.equal(listed.status, 0, 'and the mount goes on');
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), []);
});

t.test(
  'a program that cannot serve takes nothing over',
  { skip: devFuseRoot.missing ?? false },
  async (t) => {
    const mounted = await mount(scratch, devFuseRoot, supervised);
    const [before] = serversOf(mounted);
    const order = orderUpgrade(mounted.mountpoint, [supervisorOf(mounted)!], {
      node: process.execPath,
      file: scratch.file('ends.js', 'process.exit(3);'),
    });
    await t.rejects(order, { code: 'daemon-died', message: /exit status 3/ });
    t.same(serversOf(mounted), [before], 'the old one goes on');
    t.equal((await run('ls', [mounted.mountpoint])).status, 0);
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  },
);

t.test('a process that gives no sign is replaced', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const mounted = await mount(scratch, devFuseRoot, { ...image, words: ['--supervise', '--watchdog', '1'] });
  await stop(serversOf(mounted)[0]!);
  t.equal((await run('stat', ['-f', mounted.mountpoint])).status, 0, 'who asks is answered by the next one');
  t.equal(takeovers(mounted), 1);
  t.match(readFileSync(mounted.log, 'utf8'), /the serving process hangs: no sign of it for 2 s/);
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), []);
});

t.test('an image behind a network', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const remote = spreadImage(3);
  const server = await FaultServer.start(t, remote.bytes);
  const words = ['--supervise', '--prefetch', 'none', '--cache-dir', scratch.folder('self', 'cache')];
  const mounted = await mount(scratch, devFuseRoot, { image: server.url(), words });
  const names = [...remote.files.keys()];
  const read = run(
    'sha256sum',
    names.map((name) => `${mounted.mountpoint}/${name}`),
  );
  const begun = server.seen.length;
  await until(() => server.seen.length > begun + 1, 2);
  for (const pid of serversOf(mounted)) process.kill(pid, 'SIGKILL');
  const { stdout, status } = await read;
  t.equal(status, 0);
  t.equal(takeovers(mounted), 1, 'by two processes');
  for (const name of names) t.match(stdout, `${digestOf(remote, name)} `, name);
  const asked = server.seen.length;
  for (const pid of serversOf(mounted)) process.kill(pid, 'SIGKILL');
  t.equal((await run('stat', ['-f', mounted.mountpoint])).status, 0);
  t.equal(server.seen.length, asked, 'what is in the cache is not asked for again by the next process');
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), []);
});

t.test('SIGHUP opens the log anew', { skip: devFuseRoot.missing ?? false }, async (t) => {
  for (const words of [[], ['--supervise']]) {
    await t.test(words[0] ?? 'a daemon', async (t) => {
      const mounted = await mount(scratch, devFuseRoot, { ...image, words });
      await run('mv', [mounted.log, `${mounted.log}.1`]);
      const pids = [supervisorOf(mounted), ...serversOf(mounted)].filter((pid) => pid !== undefined);
      process.kill(pids[0]!, 'SIGHUP');
      const reopened = (): number => {
        try {
          return readFileSync(mounted.log, 'utf8').split('the log file was opened anew').length - 1;
        } catch {
          return 0;
        }
      };
      t.ok(await until(() => reopened() === pids.length), `by all ${pids.length} processes`);
      await mounted.unmountFromOutside();
      t.same(await remains(mounted.mountpoint), []);
      t.match(readFileSync(mounted.log, 'utf8'), /"ended"/, 'what follows is there');
    });
  }
});

t.test('mounts that have no process to supervise', { skip: devFuseRoot.missing ?? false }, async (t) => {
  for (const [words, reason] of [
    [['--transport', 'fuse-native'], /use --transport dev-fuse/],
    [['--driver', 'kernel'], /needs none; use --driver fuse/],
  ] as const) {
    const mountpoint = scratch.folder();
    const said = await erofs(['mount', '--supervise', ...words, image.image, mountpoint]);
    t.equal(said.status, 1, describeRun(said));
    t.match(said.stderr, reason);
    t.same(await remains(mountpoint), []);
  }
});
