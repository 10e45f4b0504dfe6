import t from 'tap';
import { mountAt, parseMountinfo, parseMountProgram, readMounts } from '../../src/fuse/mountinfo.js';

const TABLE = `22 27 0:20 / /proc rw,nosuid,relatime shared:5 - proc proc rw
36 27 0:33 /sub /mnt/with\\040space\\134and\\012line ro,nosuid shared:1 master:2 - fuse.erofs /i\\040a.erofs ro,user_id=0
37 36 0:39 / /mnt/with\\040space\\134and\\012line ro - erofs none rw
half a line
`;

t.test('a table is parsed with any number of optional fields and with octal escapes', async (t) => {
  const mounts = parseMountinfo(TABLE);
  t.equal(mounts.length, 3);
  t.same(mounts[1], {
    id: 36,
    parent: 27,
    major: 0,
    minor: 33,
    mountpoint: '/mnt/with space\\and\nline',
    options: ['ro', 'nosuid'],
    type: 'fuse.erofs',
    source: '/i a.erofs',
    user: 0,
  });
});

t.test('of several mounts on one path the topmost counts', async (t) => {
  const mounts = parseMountinfo(TABLE);
  t.equal(mountAt('/mnt/with space\\and\nline', mounts)?.id, 37);
  t.equal(mountAt('/mnt', mounts), undefined);
});

t.test('the table of mount(8) on macOS', async (t) => {
  const mounts = parseMountProgram(
    '/dev/disk3s1 on / (apfs, sealed, local, read-only)\nx (y) on /Volumes/b (macfuse, nodev)\n\n',
  );
  t.same(
    mounts.map(({ source, mountpoint, type }) => [source, mountpoint, type]),
    [
      ['/dev/disk3s1', '/', 'apfs'],
      ['x (y)', '/Volumes/b', 'macfuse'],
    ],
  );
});

t.test('this system has a root', async (t) => {
  const entry = readMounts().find(({ mountpoint }) => mountpoint === '/');
  t.ok(entry);
});
