/** Whether an image has extended attributes at all. */
import t from 'tap';
import { hasNoXattrs } from '../../src/fuse/xattr-scan.js';
import { type MemoryNode, MemoryTree } from './memory-tree.js';

const value = { 'user.a': new Uint8Array([1]) };
const never = () => false;

/** A root, 600 files, and 600 more in a directory below another. */
function treeWith(changes: Readonly<Record<number, MemoryNode>>): MemoryTree {
  const files = (from: number): [string, number][] =>
    Array.from({ length: 600 }, (_, i) => [`file ${i}`, from + i]);
  const nodes = new Map<number, MemoryNode>([
    [1, { entries: new Map([...files(1000), ['below', 2]]) }],
    [
      2,
      {
        entries: new Map([
          ['again', 3],
          ['up', 1],
        ]),
      },
    ],
    [3, { entries: new Map(files(2000)) }],
    ...[...files(1000), ...files(2000)].map(([, node]): [number, MemoryNode] => [
      node,
      { content: new Uint8Array(3) },
    ]),
  ]);
  for (const [node, change] of Object.entries(changes)) {
    nodes.set(Number(node), { ...nodes.get(Number(node)), ...change });
  }
  return new MemoryTree(1, nodes);
}

t.test('none anywhere, though a directory is met twice', async (t) => {
  t.equal(await hasNoXattrs(treeWith({}), never), true);
});

for (const [what, node] of [
  ['the root', 1],
  ['the first file', 1000],
  ['the last file', 2599],
  ['a directory', 3],
] as const) {
  t.test(`one of ${what}`, async (t) => {
    t.equal(await hasNoXattrs(treeWith({ [node]: { xattrs: value } }), never), false);
  });
}

t.test('of a damaged image nothing is known', async (t) => {
  const damage = Object.assign(new Error('damaged'), { code: 'corrupt' });
  await t.rejects(hasNoXattrs(treeWith({ 2300: { damage } }), never), damage);
});

t.test('it ends with the mount', async (t) => {
  let turns = 0;
  t.equal(await hasNoXattrs(treeWith({}), () => ++turns === 2), false);
  t.equal(turns, 2);
});
