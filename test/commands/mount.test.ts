/** What the command promises about a mount's life; the tree that a mount shows is tested in test/mount. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t from 'tap';
import { devFusePlain, devFuseRoot, type FrontEnd, fuseNative, kernelDriver } from '../support/front-end.js';
import { mountedAt, processesWith } from '../support/mount-table.js';
import { remains } from '../support/mounted.js';
import { command, images } from '../support/paths.js';
import { erofs, killGroup, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const image = join(images, 'plain.erofs');
const skip = ({ missing }: FrontEnd) => (missing === undefined ? {} : { skip: missing });

/** Words that mount by `front`, with a log of the test's own. */
const words = (front: FrontEnd, scratch: Scratch, mountpoint: string, ...more: string[]) => [
  'mount',
  ...front.words,
  '--log-file',
  `${scratch.folder(front.user, 'log')}/log`,
  ...more,
  image,
  mountpoint,
];

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  const { user } = front;
  t.test(front.name, skip(front), async (t) => {
    const scratch = new Scratch(t);

    await t.test('says what it mounted, and shows its options', async (t) => {
      const mountpoint = scratch.folder(user);
      const options = ['-o', 'nosuid,nodev,noexec,fsname="a, b",subtype=my.erofs'];
      const said = await erofs(words(front, scratch, mountpoint, ...options), { user });
      t.match(said, { status: 0, stderr: '' });
      t.match(said.stdout, /^mounted \S+ on \S+ \(driver fuse, transport [a-z-]+\)\n$/);
      const line = mountedAt(mountpoint);
      t.match(line, { type: 'fuse.my.erofs', source: 'a, b' });
      t.match(line?.options.slice(0, 4), ['ro', 'nosuid', 'nodev', 'noexec']);
      t.match(await erofs(['umount', mountpoint], { user }), { status: 0, stdout: '', stderr: '' });
      t.same(await remains(mountpoint), []);
    });

    await t.test('SIGTERM and SIGINT unmount, also under users', async (t) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) {
        const mountpoint = scratch.folder(user);
        t.equal((await erofs(words(front, scratch, mountpoint), { user })).status, 0);
        const sitting = start('sh', ['-c', `cd ${mountpoint} && exec sleep 1000`], { user });
        t.ok(await until(() => isSleeping(sitting)));
        process.kill(daemonOf(mountpoint), signal);
        t.same(await remains(mountpoint), [], signal);
        killGroup(sitting);
      }
    });

    await t.test('a dead mount is cleaned, with a line that says so', async (t) => {
      const mountpoint = scratch.folder(user);
      await erofs(words(front, scratch, mountpoint), { user });
      process.kill(daemonOf(mountpoint), 'SIGKILL');
      t.ok(await until(() => processesWith(mountpoint).length === 0));
      t.equal(mountedAt(mountpoint)?.type, 'fuse.erofs', 'the mount outlives its server');
      const again = await erofs(words(front, scratch, mountpoint), { user });
      t.match(again, { status: 0, stderr: /^erofs mount: cleaned a stale mount of .*\n$/ });
      t.equal((await run('test', ['-d', `${mountpoint}/data`], { user })).status, 0);
      await erofs(['umount', mountpoint], { user });
      t.same(await remains(mountpoint), []);
    });

    await t.test('a live mount is left alone', async (t) => {
      const mountpoint = scratch.folder(user);
      await erofs(words(front, scratch, mountpoint), { user });
      const again = await erofs(words(front, scratch, mountpoint), { user });
      t.match(again, { status: 1, stderr: /is already mounted on .*; unmount it first: erofs umount/ });
      t.equal((await run('test', ['-d', `${mountpoint}/data`], { user })).status, 0);
      await erofs(['umount', mountpoint], { user });
    });

    await t.test('-f serves until SIGINT, and exits 0', async (t) => {
      const mountpoint = scratch.folder(user);
      const child = start(process.execPath, [command, ...words(front, scratch, mountpoint, '-f')], { user });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      const [line] = await once(createInterface(child.stdout!), 'line');
      t.match(line, /^mounted /);
      t.equal((await run('test', ['-d', `${mountpoint}/data`], { user })).status, 0);
      const server = processesWith(mountpoint).find(({ words }) => words[0]!.startsWith('erofs '));
      t.ok(server, 'its title tells what it is');
      process.kill(server!.pid, 'SIGINT');
      t.equal(await ended, 0);
      t.same(await remains(mountpoint), []);
    });

    await t.test('-f exits 0 also where somebody holds on to the mount', async (t) => {
      const mountpoint = scratch.folder(user);
      const child = start(process.execPath, [command, ...words(front, scratch, mountpoint, '-f')], { user });
      const ended = new Promise((resolve) => child.once('exit', (...how) => resolve(how)));
      await once(createInterface(child.stdout!), 'line');
      const sitting = start('sh', ['-c', `cd ${mountpoint} && exec sleep 1000`], { user });
      t.ok(await until(() => isSleeping(sitting)));
      process.kill(daemonOf(mountpoint), 'SIGTERM');
      t.same(await ended, [0, null]);
      t.same(await remains(mountpoint), []);
      killGroup(sitting);
    });

    await t.test('a mount that does not answer in time is taken down', async (t) => {
      const mountpoint = scratch.folder(user);
      const said = await erofs(words(front, scratch, mountpoint, '--ready-timeout', '0.001'), { user });
      t.match(said, {
        status: 1,
        stdout: '',
        stderr: /^erofs mount: the mount did not answer within 0.001 s; see .*\n$/,
      });
      t.same(await remains(mountpoint), []);
    });
  });
}

t.test(
  'the command dies before it has seen the mount: the daemon does not stay',
  skip(devFuseRoot),
  async (t) => {
    const scratch = new Scratch(t);
    const mountpoint = scratch.folder('root');
    const child = start(process.execPath, [command, 'mount', ...devFuseRoot.words, image, mountpoint]);
    t.ok(
      await until(() =>
        processesWith(mountpoint).some(({ words }) => words.some((word) => word.endsWith('daemon.js'))),
      ),
    );
    killGroup(child);
    t.same(await remains(mountpoint), []);
  },
);

t.test('a daemon that dies or cannot start is told of, with its log', skip(devFuseRoot), async (t) => {
  const scratch = new Scratch(t);
  const mountpoint = scratch.folder('root');
  const suicide =
    "data:text/javascript,if(process.argv[1].endsWith('daemon.js'))process.kill(process.pid,'SIGKILL')";
  const died = await erofs(words(devFuseRoot, scratch, mountpoint), {
    environment: { NODE_OPTIONS: `--import=${suicide}` },
  });
  t.match(died, { status: 1, stdout: '' });
  t.match(
    died.stderr,
    /^erofs mount: the daemon ended \(SIGKILL\) before the mount answered; see \S+\/log\n$/,
  );
  const unfit = await erofs(words(devFuseRoot, scratch, mountpoint), {
    environment: { EROFSJS_LOG_LEVEL: 'loud' },
  });
  t.match(unfit, { status: 2, stderr: /^erofs mount: EROFSJS_LOG_LEVEL is loud, expected one of trace, / });
  t.same(await remains(mountpoint), []);
});

t.test('the daemon inherits nothing of its caller', skip(devFuseRoot), async (t) => {
  const scratch = new Scratch(t);
  const mountpoint = scratch.folder('root');
  const said = await erofs(words(devFuseRoot, scratch, mountpoint), { user: 'root', cwd: scratch.path });
  t.equal(said.outputHeld, false);
  const pid = daemonOf(mountpoint);
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  t.equal(Number(fields[3]), pid, 'a session of its own');
  t.equal((await run('readlink', [`/proc/${pid}/cwd`])).stdout, '/\n');
  await erofs(['umount', mountpoint]);
});

t.test("the log stands where the system keeps a user's state", skip(devFusePlain), async (t) => {
  const scratch = new Scratch(t);
  const mountpoint = scratch.folder('plain');
  const state = scratch.folder('plain', 'state');
  const environment = { XDG_STATE_HOME: state };
  const said = await erofs(['mount', '--driver', 'fuse', image, mountpoint], { user: 'plain', environment });
  t.equal(said.status, 0);
  const log = join(state, 'erofsjs', `${mountpoint.slice(1).replaceAll('/', '-')}.log`);
  t.match(readFileSync(log, 'utf8'), /"msg":"mounted"/);
  await erofs(['umount', mountpoint], { user: 'plain' });

  const nowhere = { XDG_STATE_HOME: join(scratch.file('no-folder', ''), 'state') };
  const unlogged = await erofs(['mount', '--driver', 'fuse', image, mountpoint], {
    user: 'plain',
    environment: nowhere,
  });
  t.match(unlogged, { status: 0, stderr: /^erofs mount: no log is kept: .*--log-file\n$/ });
  await erofs(['umount', mountpoint], { user: 'plain' });
});

t.test(
  "the driver is the kernel's where it can do what is asked, and the line says why not",
  skip(kernelDriver),
  async (t) => {
    const scratch = new Scratch(t);
    const mountpoint = scratch.folder('root');
    const choices: [string[], RegExp, string][] = [
      [[image], /\(driver kernel\)$/m, 'erofs'],
      [['-o', 'uid=7', image], /driver fuse, transport dev-fuse; .* it cannot do -o uid\)$/m, 'fuse.erofs'],
      [['-o', 'fsname=x', image], /it cannot do -o fsname\)$/m, 'fuse.erofs'],
      [['--transport', 'dev-fuse', image], /\(driver fuse, transport dev-fuse\)$/m, 'fuse.erofs'],
      [
        [join(images, 'b65536.erofs')],
        /blocks of 65536 bytes are larger than this machine's pages/,
        'fuse.erofs',
      ],
      [['-o', 'offset=8192', join(images, 'offset8192.erofs')], /\(driver kernel\)$/m, 'erofs'],
      [
        ['-o', `device=${join(images, 'blobdev.blob0')}`, join(images, 'blobdev.erofs')],
        /\(driver kernel\)$/m,
        'erofs',
      ],
    ];
    for (const [more, line, type] of choices) {
      const name = more.join(' ');
      const said = await erofs(['mount', ...more, mountpoint]);
      t.match(said, { status: 0, stdout: line, stderr: '' }, name);
      t.equal(mountedAt(mountpoint)?.type, type, name);
      t.match(await erofs(['umount', mountpoint]), { status: 0, stderr: '' }, name);
      t.same(await remains(mountpoint), [], name);
    }
  },
);

t.test('the kernel driver, asked for what it cannot do', skip(kernelDriver), async (t) => {
  const scratch = new Scratch(t);
  const mountpoint = scratch.folder('root');
  const refusals: [string[], number, RegExp][] = [
    [['-o', 'gid=7', image], 1, /it cannot do -o gid; use --driver fuse$/m],
    [['-f', image], 1, /no process that could stay in the foreground/],
    [[join(images, 'b65536.erofs')], 1, /larger than this machine's pages of \d+; use --driver fuse$/m],
    [['--transport', 'dev-fuse', image], 2, /leave one of them out/],
  ];
  for (const [more, status, line] of refusals) {
    const said = await erofs(['mount', '--driver', 'kernel', ...more, mountpoint]);
    t.match(said, { status, stdout: '', stderr: line }, more.join(' '));
    t.equal(mountedAt(mountpoint), undefined);
  }
});

t.test('nosuid, nodev and noexec reach the kernel driver', skip(kernelDriver), async (t) => {
  const scratch = new Scratch(t);
  const mountpoint = scratch.folder('root');
  await erofs(['mount', '--driver', 'kernel', '-o', 'nosuid,nodev,noexec', image, mountpoint]);
  t.match(mountedAt(mountpoint)?.options.slice(0, 4), ['ro', 'nosuid', 'nodev', 'noexec']);
  await erofs(['umount', mountpoint]);
});

/** The shell has gone to its directory and become the program. */
function isSleeping({ pid }: ChildProcess): boolean {
  return readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n';
}

function daemonOf(mountpoint: string): number {
  const found = processesWith(mountpoint).filter(({ words }) => words[0]!.startsWith('erofs '));
  if (found.length !== 1)
    throw new Error(`expected one process with ${mountpoint}, found ${JSON.stringify(found)}`);
  return found[0]!.pid;
}
