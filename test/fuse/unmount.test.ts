import t from 'tap';
import { readMounts } from '../../src/fuse/mountinfo.js';
import { abortConnection, detach } from '../../src/fuse/unmount.js';
import { mount, UnmountFlag, umount2 } from '../../src/system/libc.js';
import { makeMountpoint, rootObstacle } from './mount-fixture.js';

const skip = rootObstacle();

t.test('a mount of anything comes off', { skip }, async (t) => {
  for (const lazy of [false, true]) {
    const { mountpoint, remove } = makeMountpoint(0);
    mount('below', mountpoint, 'tmpfs', 0, 'size=64k');
    mount('above', mountpoint, 'tmpfs', 0, 'size=64k');
    const sources = () =>
      readMounts().flatMap((entry) => (entry.mountpoint === mountpoint ? [entry.source] : []));
    await detach(mountpoint, { lazy });
    t.strictSame(sources(), ['below'], 'the topmost first');
    await detach(mountpoint, { lazy });
    t.strictSame(sources(), []);
    remove();
  }
});

t.test('a busy mount', { skip }, async (t) => {
  const { mountpoint, remove } = makeMountpoint(0);
  t.teardown(remove);
  mount('outer', mountpoint, 'tmpfs', 0, 'size=64k');
  const { mountpoint: other, remove: removeOther } = makeMountpoint(0);
  t.teardown(removeOther);
  mount('inner', other, 'tmpfs', 0, 'size=64k');
  process.chdir(mountpoint);
  t.teardown(() => process.chdir('/'));
  await t.rejects(detach(mountpoint, { lazy: false }), {
    name: 'MountError',
    code: 'busy',
    message: mountpoint,
  });
  await detach(mountpoint, { lazy: true });
  umount2(other, UnmountFlag.noFollow);
});

t.test('nothing to unmount', { skip }, async (t) => {
  const { mountpoint, remove } = makeMountpoint(0);
  t.teardown(remove);
  await t.rejects(detach(mountpoint, { lazy: false }), { code: 'not-mounted' });
  await t.rejects(detach(`${mountpoint}/none`, { lazy: true }), { code: 'not-mounted' });
});

t.test('a connection that is not there', { skip }, async (t) => {
  const before = readMounts().length;
  t.throws(() => abortConnection(999_999), { code: 'not-mounted', message: /999999/ });
  t.equal(readMounts().length, before, 'leaves no mount behind');
});
