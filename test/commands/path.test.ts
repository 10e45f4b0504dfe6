import t from 'tap';
import { lastComponent, pathArgument, resolvePath } from '../../src/commands/path.js';
import { bytes, MemoryTree, openSlowly, text } from './memory-tree.js';

const tree = new MemoryTree();
const open = openSlowly(tree);
const sub = tree.link(0, 'sub', tree.directory());
const file = tree.link(sub, 'file', tree.file('content'));
const odd = tree.link(0, Buffer.from([0x66, 0xff]), tree.file('odd'));
const toFile = tree.link(0, 'to-file', tree.symlink('sub/file'));
const absolute = tree.link(sub, 'absolute', tree.symlink('/sub/file'));
const up = tree.link(sub, 'up', tree.symlink('../../../../sub'));
tree.link(0, 'loop', tree.symlink('loop'));
tree.link(0, 'empty', tree.symlink(''));
tree.link(0, 'dangling', tree.symlink('nowhere'));
for (let count = 1; count <= 41; count++) {
  tree.link(0, `chain-${count}`, tree.symlink(count === 1 ? 'sub/file' : `chain-${count - 1}`));
}

const resolve = (path: string, follow = false) => resolvePath(open, bytes(path), follow);

t.test('paths lead to nodes', async (t) => {
  for (const root of ['', '/', '//', '.', '..', '/../..', 'sub/..', './'])
    t.equal(await resolve(root), 0, root);
  for (const path of ['sub/file', '/sub/file', '//sub//file', 'sub/./../sub/file']) {
    t.equal(await resolve(path), file, path);
  }
  t.equal(await resolve('sub/'), sub);
  t.equal(await resolvePath(open, pathArgument('f%FF', true), false), odd, 'a name that is no UTF-8');
});

t.test('symbolic links stay inside the image', async (t) => {
  t.equal(await resolve('to-file'), toFile, 'the last is not followed');
  t.equal(await resolve('to-file', true), file);
  t.equal(await resolve('sub/absolute'), absolute);
  t.equal(await resolve('sub/absolute', true), file, 'an absolute target begins at the root of the image');
  t.equal(await resolve('sub/up'), up);
  t.equal(await resolve('sub/up/'), sub, '".." of the root is the root');
  t.equal(await resolve('sub/up/up/up/file'), file, 'links on the way are followed');
  t.equal(await resolve('chain-40', true), file, '40 links');
});

t.test('what leads nowhere is named', async (t) => {
  await t.rejects(resolve('nope'), { code: 'no-such-path', message: /^nope: the image has no nope/ });
  await t.rejects(resolve('sub/nope/x'), { code: 'no-such-path' });
  await t.rejects(resolve('sub/file/x'), {
    code: 'not-directory',
    message: 'sub/file/x: file is not a directory',
  });
  await t.rejects(resolve('sub/file/'), {
    code: 'not-directory',
    message: 'sub/file/: file is not a directory',
  });
  await t.rejects(resolve('sub/file/..'), { code: 'not-directory' });
  await t.rejects(resolve('dangling', true), { code: 'no-such-path' });
  await t.rejects(resolve('empty', true), { code: 'no-such-path' });
  await t.rejects(resolve('loop', true), { code: 'symlink-loop' });
  await t.rejects(resolve('chain-41', true), { code: 'symlink-loop' });
});

t.test('arguments are bytes', async (t) => {
  t.same(Buffer.from(pathArgument('100%41', false)), Buffer.from('100%41'), 'not decoded unless asked for');
  t.same(Buffer.from(pathArgument('100%41', true)), Buffer.from('100A'));
});

t.test('the last component', async (t) => {
  for (const [path, name] of [
    ['a', 'a'],
    ['/a/b', 'b'],
    ['a/b//', 'b'],
    ['/', '.'],
    ['', '.'],
  ] as const) {
    t.equal(text(lastComponent(bytes(path))), name, path);
  }
});
