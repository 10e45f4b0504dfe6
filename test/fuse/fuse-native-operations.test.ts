import t from 'tap';
import { Errno } from '../../src/fuse/errno.js';
import { createHandlers, type NativeHandlers } from '../../src/fuse/fuse-native-operations.js';
import { type Attr, type DirEntry, FileType, type ReadonlyTree, TreeError } from '../../src/tree/tree.js';

const bytes = (text: string) => Buffer.from(text);
const NOT_UTF8 = Buffer.from([0x66, 0xff, 0x6f]);

const FILE: Attr = {
  ino: 2 ** 33 + 5,
  mode: 0o100644,
  uid: 1,
  gid: 2,
  nlink: 3,
  size: 2 ** 41,
  blocks: 8,
  blockSize: 4096,
  major: 259,
  minor: 0x12345,
  mtimeSeconds: 1_700_000_000,
  mtimeNanoseconds: 123_456_789,
};

/** Node 0 is "/" with "dir" (1), which has "file" (2), "broken" (3) and a name that is not UTF-8. */
function makeTree(overrides: Partial<ReadonlyTree> = {}): ReadonlyTree & { lookups: number } {
  return {
    root: 0,
    lookups: 0,
    lookup(parent, name) {
      this.lookups++;
      const text = Buffer.from(name).toString();
      if (parent === 0) return text === 'dir' ? 1 : undefined;
      if (parent !== 1) throw new TreeError('not-directory', 'no directory');
      return text === 'file' ? 2 : text === 'broken' ? 3 : undefined;
    },
    getattr(node) {
      if (node === 3) throw Object.assign(new Error('bad inode'), { code: 'corrupt' });
      return FILE;
    },
    readlink: () => bytes('target'),
    readdir(_node, _cookie, emit) {
      let cookie = 1;
      for (const name of [bytes('.'), bytes('file'), NOT_UTF8]) {
        emit({ name, node: 2, ino: 7, type: FileType.regular, cookie: cookie++ } satisfies DirEntry);
      }
    },
    read: (_node, offset, into) => into.fill(offset & 0xff).length,
    seek: () => undefined,
    getxattr: (_node, name) => (Buffer.from(name).toString() === 'user.a' ? bytes('value') : undefined),
    listxattr: () => [bytes('user.a'), bytes('trusted.b'), NOT_UTF8],
    statfs: () => ({ blockSize: 512, blocks: 2 ** 40, inodes: 9, nameMax: 255 }),
    ...overrides,
  } as ReadonlyTree & { lookups: number };
}

interface Setup {
  handlers: NativeHandlers;
  reports: string[];
  tree: ReturnType<typeof makeTree>;
}

function setUp(overrides: Partial<ReadonlyTree> = {}, onlyRootCalls = false): Setup {
  const reports: string[] = [];
  const tree = makeTree(overrides);
  const handlers = createHandlers(
    { tree, run: (operation) => operation() },
    { onlyRootCalls, report: (problem, call, path) => reports.push(`${call} ${path}: ${problem.message}`) },
  );
  return { handlers, reports, tree };
}

/** What a handler answered; fails where it answered twice. */
function ask(call: (answer: (...said: unknown[]) => void) => void): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    call((...said) => {
      if (++answers > 1) reject(new Error('answered twice'));
      setImmediate(() => resolve(said));
    });
  });
}

t.test('attributes', async (t) => {
  const { handlers } = setUp();
  const [errno, stat] = await ask((answer) => handlers.getattr('/dir/file', answer));
  t.equal(errno, 0);
  t.match(stat, { mode: 0o100644, uid: 1, gid: 2, nlink: 3, size: 2 ** 41, blocks: 8, blksize: 4096 });
  t.match(stat, { rdev: (0x45 | (259 << 8) | (0x12300 << 12)) >>> 0, mtime: 1_700_000_000_123 });
});

t.test('times before 1970 are 1970, for the package counts unsigned', async (t) => {
  const { handlers } = setUp({ getattr: () => ({ ...FILE, mtimeSeconds: -86400, mtimeNanoseconds: 5 }) });
  const [, stat] = await ask((answer) => handlers.getattr('/', answer));
  t.match(stat, { mtime: 0, atime: 0, ctime: 0 });
});

t.test('names that are not UTF-8 are left out and reported', async (t) => {
  const { handlers, reports } = setUp();
  const [errno, names, stats] = await ask((answer) => handlers.readdir('/dir', answer));
  t.equal(errno, 0);
  t.same(names, ['.', 'file']);
  t.match(stats, [{ ino: 7, mode: 0o100000 }, {}]);
  t.match(reports, [/readdir \/dir: 1 names that are not UTF-8/]);
});

t.test('reading, links, totals', async (t) => {
  const { handlers } = setUp();
  const into = Buffer.alloc(4);
  t.same(
    await ask((answer) => handlers.read('/dir/file', 0, into, 4, 7, answer)),
    [4],
    'a count, not an errno',
  );
  t.same(into, Buffer.alloc(4, 7));
  t.same(await ask((answer) => handlers.readlink('/dir/file', answer)), [0, 'target']);
  const [, totals] = await ask((answer) => handlers.statfs('/', answer));
  t.match(totals, { bsize: 512, frsize: 512, blocks: 0xffff_ffff, files: 9, namemax: 255 });
});

t.test('extended attributes', async (t) => {
  const { handlers } = setUp();
  t.same(await ask((answer) => handlers.getxattr('/dir', 'user.a', 0, answer)), [0, bytes('value')]);
  t.same(await ask((answer) => handlers.getxattr('/dir', 'user.z', 0, answer)), [-Errno.ENODATA]);
  t.same(await ask((answer) => handlers.listxattr('/dir', answer)), [0, ['user.a']]);
  const { handlers: ofRoot } = setUp({}, true);
  t.same(await ask((answer) => ofRoot.listxattr('/dir', answer)), [0, ['user.a', 'trusted.b']]);
});

t.test('whatever is thrown, there is one answer, and only problems are reported', async (t) => {
  const { handlers, reports } = setUp();
  const getattr = (path: string) => ask((answer) => handlers.getattr(path, answer));
  t.same(await getattr('/none'), [-Errno.ENOENT]);
  t.same(await getattr('/none/below'), [-Errno.ENOENT]);
  t.same(await getattr('/dir/file/below'), [-Errno.ENOTDIR]);
  t.same(reports, [], 'mistakes of callers');
  t.same(await getattr('/dir/broken'), [-Errno.EUCLEAN]);
  t.same(reports, ['getattr /dir/broken: bad inode']);

  const miss = setUp({
    read() {
      throw { ranges: [] };
    },
  });
  t.same(await ask((answer) => miss.handlers.read('/dir', 0, Buffer.alloc(1), 1, 0, answer)), [-Errno.EIO]);
  t.match(miss.reports, [/read \/dir: the bytes are not here/]);
});

t.test('an operation whose bytes have to be fetched is answered later', async (t) => {
  const tree = makeTree();
  const handlers = createHandlers(
    { tree, run: <T>(operation: () => T) => Promise.resolve().then(operation) },
    { onlyRootCalls: false, report: () => {} },
  );
  t.same(await ask((answer) => handlers.readlink('/dir/file', answer)), [0, 'target']);
  t.same(await ask((answer) => handlers.readlink('/none', answer)), [-Errno.ENOENT]);
});

t.test('names of one directory cost one lookup each', async (t) => {
  const { handlers, tree } = setUp();
  await ask((answer) => handlers.readlink('/dir/file', answer));
  t.equal(tree.lookups, 2);
  await ask((answer) => handlers.readlink('/dir/file', answer));
  t.equal(tree.lookups, 3);
  await ask((answer) => handlers.readlink('/nowhere/file', answer));
  t.same(
    await ask((answer) => handlers.readlink('/dir/file', answer)),
    [0, 'target'],
    'a failed walk is forgotten',
  );
});
