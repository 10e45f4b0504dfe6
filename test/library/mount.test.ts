/** mount() as users of the library call it, on real mounts that this process does not serve. */
import { readdir, stat } from 'node:fs/promises';
import t from 'tap';
import { mountAt } from '../../src/fuse/mountinfo.js';
import { mount } from '../../src/index.js';
import { rootObstacle } from '../fuse/mount-fixture.js';
import { fixture } from '../support/fixture.js';
import { remains } from '../support/mounted.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const skip = rootObstacle();

for (const driver of ['fuse', 'kernel'] as const) {
  t.test(`a mount by ${driver}, and its end`, { skip }, async (t) => {
    const directory = scratch.folder();
    const { image, options } = fixture('offset8192');
    const mounted = await mount(image, directory, {
      driver,
      offset: Number(options[0]!.split('=')[1]),
      mountOptions: driver === 'fuse' ? ['noexec', 'fsname=a,b'] : ['noexec'],
      logFile: scratch.file('log'),
      ...(driver === 'fuse' && { uid: 1234 }),
    }).catch((error) => error);
    if (driver === 'kernel' && mounted.code === 'no-kernel-driver') {
      t.pass('no kernel driver', { skip: mounted.message });
      return;
    }
    t.equal(mounted.mountpoint, directory);
    t.match(mounted.description, `driver ${driver}`);
    t.ok((await readdir(directory)).includes('data'));
    const { uid } = await stat(directory);
    t.equal(uid, driver === 'fuse' ? 1234 : 0);
    if (driver === 'fuse') t.equal(mountAt(directory)?.source, 'a,b');
    const here = process.cwd();
    const ended = mounted.ended.then(() => 'ended');
    const isThere = readdir(directory).then(() => 'mounted');
    t.equal(await Promise.race([ended, isThere]), 'mounted', 'it has not ended before it does');
    await mounted.unmount();
    t.equal(process.cwd(), here, 'the working directory is left alone');
    t.equal(await ended, 'ended');
    t.same(await remains(directory), []);
    await t.rejects(mounted.unmount(), { code: 'not-mounted' });
  });
}

t.test('it ends by another hand', { skip }, async (t) => {
  const directory = scratch.folder();
  const mounted = await mount(fixture('lz4').image, directory, { logFile: scratch.file('log') });
  const { ended } = mounted;
  t.equal((await run('umount', [directory])).status, 0);
  await ended;
  t.same(await readdir(directory), []);
});

t.test('what cannot be mounted leaves nothing', { skip }, async (t) => {
  const directory = scratch.folder();
  await t.rejects(mount(fixture('lz4').manifest, directory), { code: 'not-erofs' });
  await t.rejects(mount(fixture('lz4').image, `${directory}/nowhere`), { code: 'mountpoint-missing' });
  await t.rejects(mount(fixture('lz4').image, directory, { mountOptions: ['rw'] }), { code: 'usage' });
  t.same(await remains(directory), []);
});
