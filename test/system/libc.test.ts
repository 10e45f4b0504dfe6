import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import * as libc from '../../src/system/libc.js';

const isRoot = process.geteuid?.() === 0;
const skip = hasKoffi() ? false : 'the optional package koffi is not installed';
const skipUnlessRoot = skip || (isRoot ? false : 'takes root');

const directory = mkdtempSync(join(tmpdir(), 'libc-'));
t.teardown(() => rmSync(directory, { recursive: true }));

function hasKoffi(): boolean {
  try {
    return createRequire(import.meta.url).resolve('koffi') !== '';
  } catch {
    return false;
  }
}

function makeFile(name: string | Uint8Array): Buffer {
  const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name)]);
  writeFileSync(path, 'content');
  return path;
}

t.test('bytes of a file are locked against other openings of it', { skip }, async (t) => {
  const path = makeFile('locked');
  const [one, two] = [openSync(path, 'r+'), openSync(path, 'r+')];
  t.equal(libc.lockBytes(one, 2 ** 40, 4), true, 'also beyond its end');
  t.equal(libc.lockBytes(one, 2 ** 40 + 2, 1), true, 'its own again');
  t.equal(libc.lockBytes(two, 2 ** 40 + 3, 4), false);
  t.equal(libc.lockBytes(two, 2 ** 40 + 4, 4), true);
  t.equal(libc.isLockedElsewhere(two, 2 ** 40 + 3, 1), true);
  t.equal(libc.isLockedElsewhere(two, 2 ** 40 + 4, 1), false);
  libc.unlockBytes(one, 2 ** 40 + 3, 1);
  t.equal(libc.isLockedElsewhere(two, 2 ** 40 + 3, 1), false);
  t.equal(libc.isLockedElsewhere(two, 2 ** 40 + 2, 1), true);
  closeSync(one);
  t.equal(libc.isLockedElsewhere(two, 0, 2 ** 41), false, 'closing ends them');
  const readOnly = openSync(path, 'r');
  t.throws(() => libc.lockBytes(readOnly, 0, 1), { code: 'EBADF' });
  closeSync(readOnly);
  closeSync(two);
});

t.test('a socket pair', { skip }, async (t) => {
  await t.test('says the end of the other side', async (t) => {
    const [ours, theirs] = libc.socketPair();
    closeSync(theirs);
    t.equal(libc.receiveDescriptor(ours), undefined);
    closeSync(ours);
  });
  await t.test('refuses a message without a descriptor', async (t) => {
    const [ours, theirs] = libc.socketPair();
    writeSync(theirs, 'x');
    t.throws(() => libc.receiveDescriptor(ours), { code: 'EPROTO' });
    closeSync(ours);
    closeSync(theirs);
  });
  await t.test('is not inherited', async (t) => {
    const [ours, theirs] = libc.socketPair();
    for (const descriptor of [ours, theirs]) {
      const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'));
      t.ok(Number.parseInt(flags![1]!, 8) & 0o2000000, 'close-on-exec');
      closeSync(descriptor);
    }
  });
});

t.test('receiving from what is no socket', { skip }, async (t) => {
  t.throws(() => libc.receiveDescriptor(100_000), { code: 'EBADF', message: /^recvmsg: / });
});

t.test('extended attributes', { skip }, async (t) => {
  const path = makeFile(Buffer.from([0x66, 0xff, 0x6f]));
  const values = new Map([
    ['user.empty', Buffer.alloc(0)],
    ['user.short', Buffer.from([0, 1, 255])],
    ['user.long', Buffer.alloc(3000, 7)],
  ]);
  for (const [name, value] of values) libc.setXattrNoFollow(path, Buffer.from(name), value);
  t.strictSame(libc.listXattrNoFollow(path).map(String).sort(), [...values.keys()].sort());
  for (const [name, value] of values) {
    t.strictSame(Buffer.from(libc.getXattrNoFollow(path, Buffer.from(name))), value, name);
  }
  t.throws(() => libc.getXattrNoFollow(path, Buffer.from('user.none')), { code: 'ENODATA' });
  t.throws(() => libc.listXattrNoFollow(Buffer.from(`${directory}/none`)), {
    code: 'ENOENT',
    message: `llistxattr ${directory}/none: No such file or directory (ENOENT)`,
  });
});

t.test('a list of names that is longer than the first buffer', { skip }, async (t) => {
  const path = makeFile('many');
  const names = Array.from({ length: 40 }, (_, index) => `user.attribute-number-${index}`);
  for (const name of names) libc.setXattrNoFollow(path, Buffer.from(name), Buffer.from('v'));
  t.strictSame(libc.listXattrNoFollow(path).map(String).sort(), names.sort());
});

t.test('a symlink keeps attributes of its own', { skip: skipUnlessRoot }, async (t) => {
  const target = makeFile('target');
  const link = Buffer.from(join(directory, 'link'));
  symlinkSync('target', link);
  libc.setXattrNoFollow(link, Buffer.from('trusted.of-the-link'), Buffer.from('v'));
  t.strictSame(libc.listXattrNoFollow(link).map(String), ['trusted.of-the-link']);
  t.strictSame(libc.listXattrNoFollow(target), []);
});

t.test('times', { skip }, async (t) => {
  makeFile('pointed-at');
  const link = Buffer.from(join(directory, 'dated'));
  symlinkSync('pointed-at', link);
  for (const [seconds, nanoseconds] of [
    [1_600_000_000, 123_456_789],
    [-86_400, 1],
    [4_400_000_000, 999_999_999],
    [0, 0],
  ] as const) {
    libc.setTimesNoFollow(link, seconds, nanoseconds);
    const { mtimeNs, atimeNs } = lstatSync(link, { bigint: true });
    const expected = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    t.equal(mtimeNs, expected);
    t.equal(atimeNs, expected);
  }
  t.throws(() => libc.setTimesNoFollow(link, 0, 1e9), { code: 'EINVAL', message: /^utimensat .*dated: / });
});

t.test('device nodes', { skip: skipUnlessRoot }, async (t) => {
  const nodes = [
    { mode: 0o020600, major: 1, minor: 3 },
    { mode: 0o060600, major: 4095, minor: 0xfffff },
    { mode: 0o020600, major: 259, minor: 70_000 },
    { mode: 0o010600, major: 0, minor: 0 },
    { mode: 0o140600, major: 0, minor: 0 },
  ];
  for (const { mode, major, minor } of nodes) {
    const path = join(directory, `node-${mode}-${major}`);
    libc.makeNode(Buffer.from(path), mode, major, minor);
    const found = lstatSync(path);
    t.equal(found.mode, mode);
    // makedev(3), the 32 bits of it that Linux keeps
    t.equal(found.rdev, ((minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12)) >>> 0);
  }
  t.throws(() => libc.makeNode(Buffer.from(directory), 0o010600, 0, 0), { code: 'EEXIST' });
});

t.test('mount and unmount', { skip: skipUnlessRoot }, async (t) => {
  const mountpoint = mkdtempSync(join(directory, 'mountpoint-'));
  const isMounted = () => readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${mountpoint} `);
  libc.mount('nothing', mountpoint, 'tmpfs', 0, 'size=64k,nr_inodes=7');
  t.ok(isMounted());
  t.throws(() => libc.umount2(join(mountpoint, '..', 'none'), 0), { code: 'ENOENT' });
  libc.umount2(mountpoint, libc.UnmountFlag.noFollow);
  t.notOk(isMounted());
  t.throws(() => libc.umount2(mountpoint, 0), { code: 'EINVAL', message: /^umount2 .*mountpoint-/ });
  t.throws(() => libc.mount('x', mountpoint, 'no-such-type', 0, ''), { code: 'ENODEV' });
});

t.test('a NUL within a path is refused before it cuts the path short', { skip }, async (t) => {
  const path = makeFile('cut');
  t.throws(() => libc.listXattrNoFollow(Buffer.concat([path, Buffer.from('\0rest')])), { code: 'EINVAL' });
  t.ok(readdirSync(directory).includes('cut'));
});
