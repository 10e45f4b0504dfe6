/** What is written for the kernel's page cache: whole pages, of the right node, with the bytes that a read gives. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { PageStore } from '../../src/fuse/page-store.js';
import { SharedState, sharedMemory } from '../../src/fuse/shared-state.js';
import { type DecodedBytes, FileType, type NodeId } from '../../src/tree/tree.js';
import { MemoryTree } from './memory-tree.js';

interface Given {
  readonly node: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The messages of a file that stands for the kernel. */
function messages(path: string): Given[] {
  const written = readFileSync(path);
  const given: Given[] = [];
  for (let at = 0; at < written.length; ) {
    const length = written.readUInt32LE(at);
    if (written.readInt32LE(at + 4) !== 4) throw new Error('not FUSE_NOTIFY_STORE');
    if (written.readBigUInt64LE(at + 8) !== 0n) throw new Error('a notification has no number');
    const size = written.readUInt32LE(at + 32);
    if (length !== 40 + size) throw new Error(`${length} bytes for ${size}`);
    given.push({
      node: Number(written.readBigUInt64LE(at + 16)) - 2,
      offset: Number(written.readBigUInt64LE(at + 24)),
      bytes: written.subarray(at + 40, at + length),
    });
    at += length;
  }
  return given;
}

const content = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed) % 251);

class DecodingTree extends MemoryTree {
  decoded: DecodedBytes | undefined;
  decodedAround = (): DecodedBytes | undefined => this.decoded;
}

function setUp(t: Test, nodes: readonly (readonly [NodeId, Uint8Array])[], pumps = 2) {
  const path = join(t.testdir({ kernel: '' }), 'kernel');
  const descriptor = openSync(path, 'a');
  t.teardown(() => closeSync(descriptor));
  const tree = new DecodingTree(1, [
    [1, { entries: new Map(nodes.map(([node]) => [`f${node}`, node])) }],
    ...nodes.map(([node, bytes]) => [node, { content: bytes }] as const),
  ]);
  const state = new SharedState(sharedMemory());
  state.noteServing(pumps);
  state.listings.begin(1, true);
  tree.readdir(1, 0, ({ node, type }) => {
    if (type === FileType.regular) state.listings.add(node);
    return true;
  });
  return { path, tree, state, pages: new PageStore(descriptor, tree, state) };
}

t.test('of what was decoded, the whole pages', async (t) => {
  const bytes = content(20_000, 1);
  const { path, tree, pages } = setUp(t, [[10, bytes]]);
  tree.decoded = { offset: 1000, bytes: bytes.subarray(1000, 15_000), isEnd: false };
  pages.afterRead(10, 4096, 4096);
  t.strictSame(messages(path), [
    { node: 10, offset: 4096, bytes: Buffer.from(bytes.subarray(4096, 12_288)) },
  ]);
});

t.test('the last page of a file, though it is not full', async (t) => {
  const bytes = content(20_000, 2);
  const { path, tree, pages } = setUp(t, [[10, bytes]]);
  tree.decoded = { offset: 8192, bytes: bytes.subarray(8192), isEnd: true };
  pages.afterRead(10, 12_288, 4096);
  t.strictSame(messages(path), [{ node: 10, offset: 8192, bytes: Buffer.from(bytes.subarray(8192)) }]);
});

t.test('nothing for a scan, for less than a page, and where nothing was decoded', async (t) => {
  const bytes = content(200_000, 3);
  const { path, tree, pages } = setUp(t, [[10, bytes]]);
  pages.afterRead(10, 4096, 4096);
  tree.decoded = { offset: 100, bytes: bytes.subarray(100, 5000), isEnd: false };
  pages.afterRead(10, 0, 4096);
  tree.decoded = { offset: 0, bytes: bytes.subarray(0, 100_000), isEnd: false };
  pages.afterRead(10, 4096, 128 << 10);
  t.strictSame(messages(path), []);
});

t.test('the files that come next, each whole, but no large and no empty one', async (t) => {
  const files = [content(5000, 1), content(7, 2), content(0, 3), content(200_000, 4), content(4096, 5)];
  const { path, pages } = setUp(
    t,
    files.map((bytes, i) => [10 + i, bytes]),
  );
  for (const [i, { length }] of files.entries()) pages.afterRead(10 + i, 0, Math.min(length, 128 << 10));
  t.strictSame(messages(path), [
    { node: 11, offset: 0, bytes: Buffer.from(files[1]!) },
    { node: 14, offset: 0, bytes: Buffer.from(files[4]!) },
  ]);
});

t.test('one pump is always left that only answers', async (t) => {
  const bytes = content(20_000, 1);
  const { path, tree, state, pages } = setUp(t, [[10, bytes]]);
  tree.decoded = { offset: 0, bytes, isEnd: true };
  t.ok(state.startGiving(), 'another pump gives pages');
  pages.afterRead(10, 0, 4096);
  t.strictSame(messages(path), []);
  state.stopGiving();
  pages.afterRead(10, 0, 4096);
  t.equal(messages(path).length, 1);
  const alone = setUp(t, [[10, bytes]], 1);
  alone.tree.decoded = { offset: 0, bytes, isEnd: true };
  alone.pages.afterRead(10, 0, 4096);
  t.strictSame(messages(alone.path), [], 'a single pump never does');
});

t.test('what is damaged is not given, and the right to give is handed back', async (t) => {
  const { path, tree, pages } = setUp(t, [[10, content(5000, 1)]]);
  tree.decodedAround = () => {
    throw Object.assign(new Error('damaged'), { code: 'corrupt' });
  };
  pages.afterRead(10, 0, 4096);
  t.strictSame(messages(path), []);
  tree.decodedAround = () => ({ offset: 0, bytes: content(5000, 1), isEnd: true });
  pages.afterRead(10, 0, 4096);
  t.equal(messages(path).length, 1);
});
