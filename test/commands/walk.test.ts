import t from 'tap';
import { DEPTH_LIMIT, startAt, type Visitor, walk } from '../../src/commands/walk.js';
import { MemoryTree, openAtOnce, openSlowly, pathOf, text } from './memory-tree.js';

interface Seen extends Visitor {
  readonly paths: string[];
  readonly left: string[];
  readonly problems: string[];
}

function recorder(): Seen {
  const paths: string[] = [];
  const left: string[] = [];
  const problems: string[] = [];
  return {
    paths,
    left,
    problems,
    entry(entry) {
      paths.push(pathOf(entry));
      return true;
    },
    leave(entry) {
      left.push(pathOf(entry));
    },
    problem(path, error) {
      problems.push(`${text(path)}: ${(error as Error & { code: string }).code}`);
    },
  };
}

async function walkAll(tree: MemoryTree): Promise<Seen> {
  const seen = recorder();
  const open = openSlowly(tree);
  await walk(open, await startAt(open, tree.root), seen);
  return seen;
}

t.test('directories come before their content and are left after it', async (t) => {
  const tree = new MemoryTree();
  const a = tree.link(0, 'a', tree.directory());
  tree.link(a, 'x', tree.file(''));
  tree.link(0, 'b', tree.file(''));
  const seen = await walkAll(tree);
  t.same(seen.paths, ['.', 'a', 'a/x', 'b']);
  t.same(seen.left, ['a', '.']);
  t.same(seen.problems, []);
});

t.test('a directory of many batches', async (t) => {
  const tree = new MemoryTree();
  const names = Array.from({ length: 2_000 }, (_, index) => `name-${index}`);
  for (const name of names) tree.link(0, name, tree.file(''));
  t.same((await walkAll(tree)).paths, ['.', ...names], 'nothing left out, nothing twice');
});

t.test('directories that contain themselves or each other', async (t) => {
  const tree = new MemoryTree();
  const a = tree.link(0, 'a', tree.directory());
  tree.link(a, 'root', 0);
  tree.link(a, 'self', a);
  tree.link(0, 'again', a);
  tree.link(0, 'z', tree.file(''));
  const seen = await walkAll(tree);
  t.same(seen.paths, ['.', 'a', 'z'], 'the rest goes on');
  t.same(seen.problems, ['a/root: directory-loop', 'a/self: directory-loop', 'again: directory-loop']);
});

t.test('endless depth ends', async (t) => {
  const tree = new MemoryTree();
  let directory = 0;
  for (let depth = 0; depth < DEPTH_LIMIT + 5; depth++)
    directory = tree.link(directory, 'd', tree.directory());
  tree.link(0, 'z', tree.file(''));
  const open = openAtOnce(tree);
  const seen = recorder();
  await walk(open, await startAt(open, 0), seen);
  t.equal(seen.paths.length, DEPTH_LIMIT + 2);
  t.equal(seen.paths.at(-1), 'z', 'the rest goes on');
  t.match(seen.problems, [/: too-deep$/]);
});

t.test('what cannot be read is named, and the rest goes on', async (t) => {
  const tree = new MemoryTree();
  tree.fail('readdir', tree.link(0, 'a', tree.directory()), 'broken');
  tree.fail('getattr', tree.link(0, 'b', tree.file('')), 'broken');
  tree.link(0, 'c', 9999);
  tree.link(0, 'd', tree.file(''));
  const seen = await walkAll(tree);
  t.same(seen.paths, ['.', 'a', 'd']);
  t.same(seen.problems, ['a: corrupt', 'b: corrupt', 'c: no-such-node']);
});

t.test('a directory that breaks off gives what came before', async (t) => {
  const tree = new MemoryTree();
  for (const name of ['a', 'b', 'c']) tree.link(0, name, tree.file(''));
  const whole = tree.readdir.bind(tree);
  tree.readdir = (node, cookie, emit) =>
    whole(node, cookie, (entry) => {
      if (text(entry.name) === 'c') throw Object.assign(new Error('broken'), { code: 'corrupt' });
      return emit(entry);
    });
  const seen = await walkAll(tree);
  t.same(seen.paths, ['.', 'a', 'b']);
  t.same(seen.problems, ['.: corrupt']);
});

t.test('what the visitor throws ends the walk', async (t) => {
  const tree = new MemoryTree();
  const open = openAtOnce(tree);
  const failing: Visitor = {
    entry() {
      throw new Error('the output is full');
    },
    problem() {},
  };
  await t.rejects(walk(open, await startAt(open, 0), failing), { message: 'the output is full' });
});
