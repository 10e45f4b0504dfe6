/** Hash blocks that have to be fetched: each once, each error to those who are under it. */
import t from 'tap';
import type { Source } from '../../src/cache/source.js';
import { VerifiedSource } from '../../src/cache/verified-source.js';
import { Verifier } from '../../src/verity/verifier.js';
import { BLOCK, dmMade, Remote, readOf, sourceOf } from './verified.js';

t.test('many readers of one hash block fetch it once and hash it once', async (t) => {
  const made = dmMade(200);
  const hashes = new Remote(made.nodes);
  const verifier = new Verifier(made.tree, made.root);
  const hashed: number[] = [];
  const nodeMatches = verifier.nodeMatches.bind(verifier);
  verifier.nodeMatches = (level, block, node, parent) => {
    hashed.push(made.tree.shape.hashBlock(level, block));
    return nodeMatches(level, block, node, parent);
  };
  const source = new VerifiedSource({ data: new Remote(made.data), hashes, treeStart: 0, verifier });
  const reads = Array.from({ length: 32 }, (_, i) => readOf(source, i * 3 * BLOCK, BLOCK));
  for (const [i, got] of (await Promise.all(reads)).entries()) {
    t.strictSame(got, made.data.slice(i * 3 * BLOCK, (i * 3 + 1) * BLOCK));
  }
  t.equal(hashes.reads, 1, 'one read for all, with what lies above');
  t.equal(new Set(hashes.asked.map(({ offset }) => offset)).size, hashes.asked.length, 'no block twice');
  t.equal(new Set(hashed).size, hashed.length, 'none hashed twice');
  t.equal(hashed.length, made.tree.shape.size / BLOCK);
});

t.test('leaves evicted at once are fetched again, those above are not', async (t) => {
  const made = dmMade(600);
  const hashes = new Remote(made.nodes);
  const source = sourceOf(made, new Remote(made.data), hashes, 0, 1);
  await readOf(source, 0, BLOCK);
  hashes.asked.length = 0;
  t.strictSame(await readOf(source, 0, BLOCK), made.data.slice(0, BLOCK));
  t.ok(hashes.asked.length > 0);
  t.equal(
    Math.min(...hashes.asked.map(({ offset }) => offset)),
    made.tree.shape.hashBlock(0, 0) * BLOCK,
    'leaves alone',
  );
});

t.test('a damaged leaf that was fetched beside others does not fail them', async (t) => {
  const made = dmMade(200);
  const nodes = made.nodes.slice();
  const damaged = made.tree.shape.hashBlock(0, 100);
  nodes[damaged * BLOCK + 9]! ^= 4;
  const source = sourceOf(made, new Remote(made.data), new Remote(nodes));
  const [right, wrong] = await Promise.all([
    readOf(source, 0, BLOCK),
    readOf(source, 95 * BLOCK, 10 * BLOCK),
  ]);
  t.strictSame(right, made.data.slice(0, BLOCK));
  t.match(wrong, { code: 'integrity', level: 0, block: damaged });
  nodes.set(made.nodes);
  t.strictSame(await readOf(source, 100 * BLOCK, BLOCK), made.data.slice(100 * BLOCK, 101 * BLOCK), 'later');
});

t.test('hash blocks stay as they were checked, whatever their source does with its own', async (t) => {
  const made = dmMade(200);
  const given: Buffer[] = [];
  const hashes: Source = {
    ...{ id: 'buffers', name: 'buffers', size: made.nodes.length, close: () => {} },
    read: async (ranges) =>
      ranges.map(({ offset, length }) => {
        given.push(Buffer.from(made.nodes.slice(offset, offset + length)));
        return given.at(-1)!;
      }),
  };
  const source = sourceOf(made, new Remote(made.data), hashes);
  await readOf(source, 0, BLOCK);
  for (const buffer of given) buffer.fill(0);
  t.ok(given.length > 0);
  t.strictSame(await readOf(source, BLOCK, BLOCK), made.data.slice(BLOCK, 2 * BLOCK));
});

t.test('an aborted reader does not take the hash blocks from another', async (t) => {
  const made = dmMade(200);
  const source = sourceOf(made, new Remote(made.data), new Remote(made.nodes));
  const abort = new AbortController();
  const aborted = source.read([{ offset: 0, length: BLOCK }], abort.signal);
  const other = source.read([{ offset: BLOCK, length: BLOCK }]);
  abort.abort();
  await t.rejects(aborted, { name: 'AbortError' });
  t.strictSame(await other, [made.data.slice(BLOCK, 2 * BLOCK)]);
});
