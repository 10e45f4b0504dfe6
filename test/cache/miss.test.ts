/** A source that has to be waited for gives the same tree, in few fetches, and its failures come through. */
import t from 'tap';
import { drive } from '../../src/cache/driver.js';
import type { Miss } from '../../src/erofs-reader/bytes.js';
import { openSources } from '../../src/open.js';
import { fixture } from '../support/fixture.js';
import { RemoteSource } from '../support/memory-source.js';
import { expectedManifest, manifestOf } from '../support/opened.js';
import { imageBytes } from '../support/superblock.js';

for (const name of ['plain', 'lz4', 'lz4-fragments', 'lz4-dirs', 'chunk4k', 'metabox-lz4', 'wide-b512-lz4']) {
  t.test(`${name} through a source that is never here at once`, async (t) => {
    const bytes = imageBytes(name);
    const source = new RemoteSource(bytes);
    const opened = await openSources([source], {});
    t.ok(source.fetches <= 3, `opened with ${source.fetches} fetches`);
    t.strictSame(await manifestOf(opened), expectedManifest(fixture(name)));
    t.ok(source.bytesFetched <= bytes.length, `${source.bytesFetched} of ${bytes.length} bytes, none twice`);
  });
}

t.test('whichever fetch fails, the error comes through and the next try succeeds', async (t) => {
  const bytes = imageBytes('lz4-fragments');
  const failing = (failAt: number) => new RemoteSource(bytes, failAt);
  const path = ['data', 'mixed.bin'];
  const readFile = async (source: RemoteSource) => {
    const { tree, run } = await openSources([source], {});
    let node = tree.root;
    for (const name of path) node = (await run(() => tree.lookup(node, new TextEncoder().encode(name))))!;
    const content = new Uint8Array((await run(() => tree.getattr(node))).size);
    await run(() => tree.read(node, 0, content));
    return content;
  };
  const untroubled = failing(0);
  const expected = await readFile(untroubled);
  for (let failAt = 1; failAt <= untroubled.fetches; failAt++) {
    const source = failing(failAt);
    await t.rejects(readFile(source), { message: 'the network is gone' });
    t.strictSame(await readFile(source), expected, `after fetch ${failAt} failed`);
  }
});

t.test('an operation that misses nothing returns no promise', async (t) => {
  const never = { fill: () => Promise.reject(new Error('not asked')), unpin: () => {} };
  t.equal(
    drive(() => 7, never),
    7,
  );
});

t.test('an operation that misses the same bytes for ever ends in an error', async (t) => {
  const miss: Miss = { miss: true, ranges: [] };
  let unpinned = 0;
  const filler = { fill: async () => {}, unpin: () => unpinned++ };
  const operation = () => {
    throw miss;
  };
  await t.rejects(Promise.resolve(drive(operation, filler)), { code: 'io', message: /after 64 rounds/ });
  t.equal(unpinned, 1);
});

t.test('who gives up is told so before the next round', async (t) => {
  const controller = new AbortController();
  const miss: Miss = { miss: true, ranges: [] };
  let rounds = 0;
  const filler = {
    fill: async () => {
      rounds++;
      controller.abort(new Error('enough'));
    },
    unpin: () => {},
  };
  const operation = () => {
    throw miss;
  };
  await t.rejects(Promise.resolve(drive(operation, filler, controller.signal)), { message: 'enough' });
  t.equal(rounds, 1);
});

t.test('other errors pass as they are', async (t) => {
  const filler = { fill: async () => {}, unpin: () => {} };
  const broken = () => {
    throw new TypeError('broken');
  };
  t.throws(() => drive(broken, filler), TypeError);
});
