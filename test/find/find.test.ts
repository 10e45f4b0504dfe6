/** The same questions to find(1) on a mount by the kernel, and to the image. */
import t from 'tap';
import { startAt } from '../../src/commands/walk.js';
import { find } from '../../src/find/find.js';
import { type FindOptions, predicatesOf } from '../../src/find/predicates.js';
import { Captured } from '../commands/captured.js';
import { bytes, MemoryTree, openSlowly } from '../commands/memory-tree.js';
import { fixture } from '../support/fixture.js';
import { mountByKernel, noKernel } from '../support/kernel.js';
import { openFixture } from '../support/opened.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const EXPRESSIONS = [
  '',
  '-type f -size +100k',
  '-size -2',
  '-size 1k -type f',
  '-type d,l',
  '-type b',
  '-mindepth 1 -name *[0-9]',
  '-mindepth 1 -iname TEXT*',
  '-mindepth 1 -name ?????',
  '-mindepth 1 -name *[!a-z0-9.-]*',
  '-path */data/*',
  '-perm -4000',
  '-perm /022 -type f',
  '-perm 644',
  '-perm -u+s',
  '-uid +100',
  '-gid 0 -type d',
  '-user 0 -links +1',
  '-empty',
  '-mtime +3000',
  '-mtime -1',
  '-newermt 2020-01-01T00:00:00Z',
  '-mindepth 1 -maxdepth 1',
  '-maxdepth 0',
  '-mindepth 30',
];

t.test('as find(1)', { skip: noKernel ?? false }, async (t) => {
  const scratch = new Scratch(t);
  for (const name of ['plain', 'wide-dirs-deflate']) {
    const image = fixture(name);
    const { mountpoint } = await mountByKernel(t, scratch, image);
    const opened = await openFixture(image);
    t.teardown(() => opened.close());
    for (const expression of EXPRESSIONS) {
      const words = expression.split(' ').filter(Boolean);
      const options: Record<string, string | true> = {};
      for (let i = 0; i < words.length; i++) {
        const option = words[i]!.slice(1);
        options[option] = option === 'empty' ? true : words[++i]!;
      }
      const { problems, said } = new Captured();
      const predicates = await predicatesOf(opened, options as FindOptions, Date.now() / 1000);
      const range = {
        mindepth: Number(options.mindepth ?? 0),
        maxdepth: Number(options.maxdepth ?? Number.POSITIVE_INFINITY),
      };
      const found: string[] = [];
      const start = await startAt(opened, opened.tree.root);
      await find(opened, start, bytes('/'), range, predicates, problems, (_, path) => {
        found.push(Buffer.from(path).toString());
      });
      // the range of depths comes first, or find(1) warns
      const theirs = await run('find', [`${mountpoint}/`, ...words, '-print0'], {
        environment: { TZ: 'UTC' },
      });
      const expected = theirs.stdout
        .split('\0')
        .filter(Boolean)
        .map((path) => path.slice(mountpoint.length));
      t.same([theirs.stderr, said], ['', []], expression);
      t.same(found.sort(), expected.sort(), `${name}: ${expression}`);
    }
  }
});

t.test('what cannot be read is a problem, and the rest is found', async (t) => {
  const tree = new MemoryTree();
  tree.fail('listxattr', tree.link(0, 'a', tree.file('')), 'attributes broken');
  tree.fail('readdir', tree.link(0, 'b', tree.directory()), 'directory broken');
  tree.link(0, 'c', tree.file('', { xattrs: new Map([['user.x', bytes('1')]]) }));
  const open = openSlowly(tree);
  const { problems, said } = new Captured();
  const found: string[] = [];
  const predicates = await predicatesOf(open as never, { xattr: 'user.x' }, 0);
  const range = { mindepth: 0, maxdepth: Number.POSITIVE_INFINITY };
  await find(open, await startAt(open, 0), bytes('/top'), range, predicates, problems, (_, path) => {
    found.push(Buffer.from(path).toString());
  });
  t.same(found, ['/top/c']);
  t.same(said, ['erofs test: /top/a: attributes broken', 'erofs test: /top/b: directory broken']);
});
