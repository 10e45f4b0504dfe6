import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { devFusePlain, devFuseRoot, type FrontEnd, fuseNative, kernelDriver } from '../support/front-end.js';
import { mountedAt, processesWith } from '../support/mount-table.js';
import { mount, remains } from '../support/mounted.js';
import { images } from '../support/paths.js';
import { erofs, killGroup, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { isRoot, type User } from '../support/user.js';

const image = join(images, 'plain.erofs');
const skip = ({ missing }: FrontEnd) => (missing === undefined ? {} : { skip: missing });

/** A process whose working directory is `folder`; returns what ends it. */
async function sitIn(folder: string, user: User): Promise<() => void> {
  const child = start('sh', ['-c', `cd ${folder} && exec sleep 1000`], { user });
  const sits = () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n';
  if (!(await until(sits))) throw new Error(`nobody sits in ${folder}`);
  return () => killGroup(child);
}

for (const front of [devFuseRoot, devFusePlain, fuseNative, kernelDriver]) {
  const { user } = front;
  t.test(front.name, skip(front), async (t) => {
    const scratch = new Scratch(t);
    const umount = (...words: string[]) => erofs(['umount', ...words], { user });

    await t.test('a mount in use: names who uses it, and leaves it', async (t) => {
      const { mountpoint } = await mount(scratch, front, { image });
      const leave = await sitIn(`${mountpoint}/data`, user);
      const refused = await umount(mountpoint);
      t.match(refused, { status: 1, stdout: '' });
      t.match(
        refused.stderr,
        /is in use by sleep \(process \d+, working directory\); .* erofs umount --lazy/,
      );
      t.ok(mountedAt(mountpoint));
      leave();
      t.match(await umount(mountpoint), { status: 0, stdout: '', stderr: '' });
      t.same(await remains(mountpoint), []);
    });

    await t.test('--lazy: the mount is gone at once, its users go on', async (t) => {
      const { mountpoint } = await mount(scratch, front, { image });
      const leave = await sitIn(`${mountpoint}/data`, user);
      t.equal((await umount('--lazy', mountpoint)).status, 0);
      t.equal(mountedAt(mountpoint), undefined);
      leave();
      t.same(await remains(mountpoint), [], 'and the server goes with the last of them');
    });

    await t.test('--force: it is gone at once, whoever uses it', async (t) => {
      const { mountpoint } = await mount(scratch, front, { image });
      const leave = await sitIn(`${mountpoint}/data`, user);
      t.equal((await umount('--force', mountpoint)).status, 0);
      t.same(await remains(mountpoint), []);
      leave();
    });
  });
}

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  const { user } = front;
  t.test(`dead and hanging servers: ${front.name}`, skip(front), async (t) => {
    const scratch = new Scratch(t);

    await t.test('a dead mount is cleaned, also one with users', async (t) => {
      const { mountpoint } = await mount(scratch, front, { image });
      const leave = await sitIn(`${mountpoint}/data`, user);
      for (const { pid } of serversOf(mountpoint)) process.kill(pid, 'SIGKILL');
      t.ok(await until(() => serversOf(mountpoint).length === 0));
      t.match(await erofs(['umount', mountpoint], { user }), { status: 0, stderr: '' });
      t.equal(mountedAt(mountpoint), undefined);
      leave();
    });

    await t.test('--force ends a mount whose server hangs', async (t) => {
      const { mountpoint } = await mount(scratch, front, { image });
      for (const { pid } of serversOf(mountpoint)) process.kill(pid, 'SIGSTOP');
      const waiting = start('ls', ['-R', mountpoint], { user });
      const ended = new Promise((resolve) => waiting.once('exit', resolve));
      t.equal((await erofs(['umount', '--force', mountpoint], { user })).status, 0);
      await ended;
      t.equal(mountedAt(mountpoint), undefined);
      for (const { pid } of serversOf(mountpoint)) process.kill(pid, 'SIGKILL');
      t.same(await remains(mountpoint), []);
    });
  });
}

t.test('open files, and mounts below, are named too', skip(devFuseRoot), async (t) => {
  const scratch = new Scratch(t);
  const { mountpoint } = await mount(scratch, devFuseRoot, { image });
  const file = openSync(join(mountpoint, 'sizes', 'text-12345'), 'r');
  t.match(
    (await erofs(['umount', mountpoint])).stderr,
    RegExp(`node \\(process ${process.pid}, open file\\)`),
  );
  closeSync(file);
  execFileSync('mount', ['-t', 'tmpfs', 'none', join(mountpoint, 'empty-dir')]);
  t.match((await erofs(['umount', mountpoint])).stderr, /the mount on \S+\/empty-dir; end that first/);
  execFileSync('umount', [join(mountpoint, 'empty-dir')]);
  t.equal((await erofs(['umount', mountpoint])).status, 0);
});

t.test('what is no mount of ours is left alone', async (t) => {
  const scratch = new Scratch(t);
  const folder = scratch.folder();
  const missing = join(folder, 'missing');
  const refusals: [string, string][] = [
    [folder, `${folder} is not a mountpoint; findmnt lists what is mounted`],
    [missing, `${missing} does not exist, so nothing is mounted there`],
    ['/proc', '/proc is a mount of type proc and none of ours; use: umount /proc'],
  ];
  for (const [place, line] of refusals) {
    t.match(await erofs(['umount', place]), { status: 1, stdout: '', stderr: `erofs umount: ${line}\n` });
  }
});

t.test('a path through links and with a trailing slash leads to the mount', skip(devFuseRoot), async (t) => {
  const scratch = new Scratch(t);
  const { mountpoint } = await mount(scratch, devFuseRoot, { image });
  const link = scratch.file('link');
  execFileSync('ln', ['-s', mountpoint, link]);
  t.match(await erofs(['umount', `${link}/`]), { status: 0, stderr: '' });
  t.same(await remains(mountpoint), []);
});

t.test(
  'a plain user cannot end a mount of root',
  isRoot ? skip(devFusePlain) : { skip: 'needs root' },
  async (t) => {
    const scratch = new Scratch(t);
    const { mountpoint } = await mount(scratch, devFuseRoot, { image });
    const refused = await erofs(['umount', mountpoint], { user: 'plain' });
    t.match(refused, { status: 1, stderr: /^erofs umount: .*\n$/ });
    t.ok(mountedAt(mountpoint));
    await erofs(['umount', mountpoint]);
    t.match(await run('test', ['-d', mountpoint]), { status: 0 });
  },
);

function serversOf(mountpoint: string) {
  return processesWith(mountpoint).filter(({ words }) => words[0]!.startsWith('erofs '));
}
