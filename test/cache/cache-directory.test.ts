import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  defaultCacheDirectory,
  defaultCacheSize,
  findCacheDirectory,
  openCacheDirectory,
} from '../../src/cache/cache-directory.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';
import { Content } from './chunk-store-content.js';

const scratch = new Scratch(t);

t.test('it is made for its owner alone, with what is above it', async (t) => {
  const above = join(scratch.folder(), 'above');
  const path = join(above, 'cache');
  t.equal(findCacheDirectory(path), undefined);
  t.equal(openCacheDirectory(path), join(path, 'blobs'));
  for (const made of [above, path, join(path, 'blobs')]) t.equal(statSync(made).mode & 0o777, 0o700, made);
  t.equal(openCacheDirectory(path), join(path, 'blobs'), 'a second time nothing is made');
  t.equal(findCacheDirectory(path), join(path, 'blobs'));
});

t.test('others may read it', async (t) => {
  const path = scratch.folder();
  chmodSync(path, 0o755);
  t.equal(openCacheDirectory(path), join(path, 'blobs'));
});

t.test('what others could write to is refused, and so is the folder within', async (t) => {
  const outer = scratch.folder();
  const inner = join(scratch.folder(), 'cache');
  mkdirSync(join(inner, 'blobs'), { recursive: true });
  for (const [directory, loose] of [
    [outer, outer],
    [inner, join(inner, 'blobs')],
  ] as const) {
    for (const mode of [0o720, 0o702, 0o1777]) {
      chmodSync(loose, mode);
      const message = `the cache directory ${loose} is not used: others may write to it (mode ${mode.toString(8)}); use: chmod go-w ${loose}`;
      t.throws(() => openCacheDirectory(directory), { code: 'unsafe-cache', message });
      t.throws(() => findCacheDirectory(directory), { code: 'unsafe-cache', message });
    }
  }
});

t.test('links, files and those of other users are refused', async (t) => {
  const link = scratch.file('link');
  symlinkSync(scratch.folder(), link);
  t.throws(() => openCacheDirectory(link), { code: 'unsafe-cache', message: /: it is a symbolic link/ });
  const within = scratch.folder();
  symlinkSync(scratch.folder(), join(within, 'blobs'));
  t.throws(() => openCacheDirectory(within), {
    code: 'unsafe-cache',
    message: /blobs is not used: it is a symbolic/,
  });
  const file = scratch.file('file', '');
  t.throws(() => openCacheDirectory(file), { code: 'EEXIST' });
  t.throws(() => findCacheDirectory(file), { code: 'unsafe-cache', message: /: it is no directory/ });
});

t.test("another user's directory is refused", { skip: !isRoot && 'needs root' }, async (t) => {
  const path = scratch.folder();
  chownSync(path, 1234, 1234);
  const message = `the cache directory ${path} is not used: it belongs to user 1234, and this is user 0`;
  t.throws(() => openCacheDirectory(path), { code: 'unsafe-cache', message });
});

t.test('a store in a directory that is refused keeps nothing and says so once', async (t) => {
  const path = scratch.folder();
  chmodSync(path, 0o777);
  const problems: Error[] = [];
  const content = new Content(8192);
  const store = content.open(path, { report: (problem) => problems.push(problem) });
  await content.fill(store);
  t.same(content.served(store), []);
  t.match(problems, [{ code: 'unsafe-cache' }]);
  t.same(readdirSync(path), []);
  store.close();
});

t.test('its default place and size', async (t) => {
  const before = process.env.XDG_CACHE_HOME;
  t.teardown(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  });
  process.env.XDG_CACHE_HOME = '/somewhere';
  t.equal(defaultCacheDirectory(), '/somewhere/erofsjs');
  for (const other of ['relative', '']) {
    process.env.XDG_CACHE_HOME = other;
    t.equal(defaultCacheDirectory(), join(homedir(), '.cache', 'erofsjs'), `"${other}"`);
  }
  const size = defaultCacheSize(scratch.path);
  t.ok(size > 0 && size <= 10 * 2 ** 30);
  t.equal(defaultCacheSize(join(scratch.path, 'not', 'made', 'yet')), size, 'of the place where it will be');
  t.equal(defaultCacheSize('/proc/self'), 10 * 2 ** 30, 'where the file system does not say');
});

t.test('what it lies in must not let others replace it', async (t) => {
  const above = scratch.folder();
  const directory = join(above, 'cache');
  openCacheDirectory(directory);
  chmodSync(above, 0o777);
  const message = `the cache directory ${directory} is not used: others may write to ${above}, which it lies in (mode 777); use: chmod go-w ${above}`;
  t.throws(() => openCacheDirectory(directory), { code: 'unsafe-cache', message });
  t.throws(() => findCacheDirectory(directory), { code: 'unsafe-cache', message });
  chmodSync(above, 0o1777);
  t.equal(openCacheDirectory(directory), join(directory, 'blobs'), 'as in /tmp, it is safe');
});
