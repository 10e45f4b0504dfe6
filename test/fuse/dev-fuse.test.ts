import { existsSync, readFileSync } from 'node:fs';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { mountAt } from '../../src/fuse/mountinfo.js';
import { detach } from '../../src/fuse/unmount.js';
import { mount, UnmountFlag, umount2 } from '../../src/system/libc.js';
import {
  asUser,
  Holder,
  IMAGE,
  MountServer,
  makeMountpoint,
  makeRequest,
  NOBODY,
  rootObstacle,
  userObstacle,
} from './mount-fixture.js';

// Dozens of processes are started one after the other, and two tests wait for a period of grace.
t.setTimeout(180_000);

const CALLERS = [
  { name: 'root', user: 0, skip: rootObstacle() },
  { name: 'a plain user', user: NOBODY, skip: userObstacle() },
];

interface ManifestEntry {
  readonly sha256?: string;
}

const MANIFEST = JSON.parse(readFileSync(IMAGE.replace(/erofs$/, 'json'), 'utf8')) as Record<
  string,
  ManifestEntry
>;

const SAMPLE = Object.keys(MANIFEST).find((path) => MANIFEST[path]!.sha256 && /^[\w/.-]+$/.test(path))!;

const isMounted = (mountpoint: string) => mountAt(mountpoint) !== undefined;

async function serve(t: Test, user: number, options = {}, image = IMAGE) {
  const { mountpoint, remove } = makeMountpoint(user);
  const server = new MountServer(makeRequest(mountpoint, options, image), user);
  t.teardown(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
    remove();
  });
  return { mountpoint, server, first: await server.next() };
}

/** The events of an unmount that succeeds, sorted: which of them comes first is chance. */
async function lastEvents(server: MountServer): Promise<string[]> {
  const events = [await server.next(), await server.next()].map(({ event }) => event);
  const status = await server.exited;
  if (status !== 0) throw new Error(`the server ended with ${status}: ${server.log}`);
  return events.sort();
}

for (const { name, user, skip } of CALLERS) {
  t.test(`a mount by ${name} answers`, { skip }, async (t) => {
    const fsname = 'a source, with \\ and spaces';
    const { mountpoint, server, first } = await serve(t, user, { fsname, noexec: true });
    t.strictSame(first, { event: 'mounted' });
    t.match(mountAt(mountpoint), { type: 'fuse.erofs', source: fsname });
    for (const option of ['ro', 'nosuid', 'nodev', 'noexec']) {
      t.ok(mountAt(mountpoint)?.options.includes(option), option);
    }

    const files = Object.entries(MANIFEST).filter(([path, { sha256 }]) => sha256 && /^[\w/.-]+$/.test(path));
    t.ok(files.length > 10);
    const digests = await asUser(
      user,
      `const { createHash } = require('node:crypto');
       const digest = async (path) => createHash('sha256').update(await fs.readFile(args[0] + '/' + path)).digest('hex');
       return Promise.all(args.slice(1).map(digest));`,
      mountpoint,
      ...files.map(([path]) => path),
    );
    t.strictSame(
      digests,
      files.map(([, { sha256 }]) => sha256),
    );

    const totals = await asUser(
      user,
      `const { bsize, files, bfree, bavail } = await fs.statfs(args[0], { bigint: true });
       return [bsize, BigInt.asUintN(64, files), bfree, bavail].map(String);`,
      mountpoint,
    );
    t.strictSame(totals, ['4096', String(2n ** 64n - 1n), '0', '0']);

    const written = await asUser(user, `await fs.writeFile(args[0] + '/new', '');`, mountpoint);
    t.equal(written, 'EROFS');
    t.equal(await asUser(user, `await fs.stat(args[0] + '/absent');`, mountpoint), 'ENOENT');

    server.tell('unmount');
    t.strictSame(await lastEvents(server), ['ended', 'unmounted']);
    t.notOk(isMounted(mountpoint));
  });

  t.test(`a mount by ${name} ends when somebody else unmounts it`, { skip }, async (t) => {
    const { mountpoint, server } = await serve(t, user);
    await detach(mountpoint, { lazy: false });
    t.strictSame(await server.next(), { event: 'ended' });
    t.equal(await server.exited, 0);
  });

  t.test(`a busy mount by ${name}`, { skip }, async (t) => {
    const { mountpoint, server } = await serve(t, user);
    const holder = new Holder(user, `${mountpoint}/${SAMPLE}`);
    await holder.holds();
    server.tell('unmount');
    t.match(await server.next(), { event: 'failed', code: 'busy', message: /in use/ });
    t.ok(isMounted(mountpoint), 'stays as it was');

    server.tell('unmount even if busy');
    while (isMounted(mountpoint)) await yieldToOthers();
    t.match(await holder.release(), /bytes$/, 'whoever has it open finishes');
    t.strictSame(await lastEvents(server), ['ended', 'unmounted']);
  });

  t.test(`${name}: a server that was killed leaves a mount that can be taken away`, { skip }, async (t) => {
    const { mountpoint, server } = await serve(t, user);
    server.process.kill('SIGKILL');
    await server.exited;
    t.equal(await asUser(user, 'await fs.stat(args[0]);', mountpoint), 'ENOTCONN');
    await detach(mountpoint, { lazy: false });
    t.notOk(isMounted(mountpoint));
  });

  t.test(`${name}: an image that cannot be opened`, { skip }, async (t) => {
    const { mountpoint, server, first } = await serve(t, user, {}, '/none/such.erofs');
    t.match(first, { event: 'failed', code: 'mount-failed', message: /none\/such\.erofs/ });
    t.equal(await server.exited, 0);
    t.notOk(isMounted(mountpoint));
  });

  t.test(`${name}: a mountpoint that is not there`, { skip }, async (t) => {
    const server = new MountServer(makeRequest('/none/such'), user);
    t.match(await server.next(), {
      event: 'failed',
      code: 'mountpoint-missing',
      message: /; create the directory/,
    });
    t.equal(await server.exited, 0);
  });
}

t.test('users who do not let go lose the mount', { skip: rootObstacle() }, async (t) => {
  const { mountpoint, server } = await serve(t, 0);
  const holder = new Holder(0, `${mountpoint}/${SAMPLE}`);
  await holder.holds();
  server.tell('unmount even if busy');
  t.strictSame(await lastEvents(server), ['ended', 'unmounted']);
  t.match(await holder.release(), /^(ENOTCONN|ECONNABORTED|EIO)$/);
  t.match(server.log, /ended under its users/);
});

t.test('a mount that another covers', { skip: rootObstacle() }, async (t) => {
  const { mountpoint, server } = await serve(t, 0);
  mount('cover', mountpoint, 'tmpfs', 0, 'size=64k');
  server.tell('unmount');
  t.match(await server.next(), { event: 'failed', code: 'busy', message: /another mount covers/ });
  t.equal(mountAt(mountpoint)?.type, 'tmpfs', 'which is nobody else’s to unmount');
  server.tell('unmount even if busy');
  t.strictSame(await lastEvents(server), ['ended', 'unmounted']);
  t.equal(mountAt(mountpoint)?.type, 'tmpfs');
  umount2(mountpoint, UnmountFlag.noFollow);
});

t.test('root gets a longer readahead', { skip: rootObstacle() }, async (t) => {
  const { mountpoint } = await serve(t, 0);
  const { major, minor } = mountAt(mountpoint)!;
  t.equal(readFileSync(`/sys/class/bdi/${major}:${minor}/read_ahead_kb`, 'utf8').trim(), '1024');
});

t.test('what is refused to a plain user', { skip: userObstacle() }, async (t) => {
  const configuration = existsSync('/etc/fuse.conf') ? readFileSync('/etc/fuse.conf', 'utf8') : '';
  const allowed = /^\s*user_allow_other/m.test(configuration);
  await t.test('allow_other', { skip: allowed && '/etc/fuse.conf allows it' }, async (t) => {
    const { mountpoint, first } = await serve(t, NOBODY, { allowOther: true });
    t.match(first, { event: 'failed', code: 'allow-other-refused', message: /user_allow_other/ });
    t.notOk(isMounted(mountpoint));
  });
  await t.test('a directory of somebody else', async (t) => {
    const { mountpoint, remove } = makeMountpoint(0);
    t.teardown(remove);
    const server = new MountServer(makeRequest(mountpoint), NOBODY);
    t.match(await server.next(), { event: 'failed', code: 'no-permission', message: /one of your own/ });
    t.notOk(isMounted(mountpoint));
  });
});
