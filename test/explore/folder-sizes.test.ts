import t from 'tap';
import { FolderSizes } from '../../src/explore/folder-sizes.js';
import type { ShownTile } from '../../src/explore/shapes.js';
import { tilesOf } from '../../src/explore/tiles.js';
import { openSources } from '../../src/open.js';
import { fixture } from '../support/fixture.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file, type NodeSpec } from '../support/image-writer-node.js';
import { openFixture } from '../support/opened.js';
import { describeRun, erofs } from '../support/run.js';

const root = Buffer.from('/');
const endless = new AbortController().signal;

async function counted(tree: NodeSpec) {
  const opened = await openSources([writeImage({ root: tree }).bytes.source()], {});
  t.teardown(() => opened.close());
  const sizes = new FolderSizes(opened, endless);
  await sizes.count();
  const tile = (measure: 'stored' | 'plain' = 'plain') =>
    tilesOf(opened, sizes, { node: opened.tree.root, path: root }, measure);
  return { sizes, tile };
}

const names = ({ tiles = [] }: ShownTile): string[] => tiles.map(({ name }) => name);

t.test('as erofs du counts', async (t) => {
  const found = fixture('lz4');
  const said = await erofs(['du', '--json', '-d', '1', found.image]);
  t.equal(said.status, 0, describeRun(said));
  const lines = said.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const opened = await openFixture(found);
  const sizes = new FolderSizes(opened, endless);
  await sizes.count();
  const shown = await tilesOf(opened, sizes, { node: opened.tree.root, path: root }, 'stored');
  opened.close();
  t.match(shown, {
    kind: 'folder',
    stored_bytes: lines.at(-1)!.stored_bytes,
    plain_bytes: lines.at(-1)!.plain_bytes,
  });
  for (const { path, stored_bytes, plain_bytes } of lines.slice(0, -1)) {
    t.match(
      shown.tiles!.find((tile) => tile.path === path),
      { stored_bytes, plain_bytes },
      String(path),
    );
  }
});

t.test('a file with several names counts where it is met first', async (t) => {
  const shared = file('x'.repeat(1000));
  const own = file('y'.repeat(500));
  const { tile } = await counted(
    directory({ a: directory({ one: shared, two: shared }), b: directory({ own, three: shared }) }),
  );
  const { tiles, plain_bytes, names } = await tile();
  t.equal(plain_bytes, 1500);
  t.equal(names, 7);
  t.match(tiles, [
    { name: 'a', plain_bytes: 1000, tiles: [{ plain_bytes: 1000 }, { plain_bytes: 0 }] },
    {
      ...{ name: 'b', plain_bytes: 500 },
      tiles: [
        { name: 'own', plain_bytes: 500 },
        { name: 'three', plain_bytes: 0, stored_bytes: 0 },
      ],
    },
  ]);
});

t.test('of a wide folder the largest names, and one tile for the rest', async (t) => {
  const entries = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`f${i}`, file('x'.repeat(i === 4321 ? 900 : 1 + (i % 7)))]),
  );
  const { tile, sizes } = await counted(directory(entries));
  const shown = await tile();
  t.equal(shown.tiles!.length, 61);
  t.equal(names(shown)[0], 'f4321');
  t.match(shown.tiles!.at(-1), { kind: 'rest', name: '4940 smaller', names: 4940 });
  t.equal(
    shown.tiles!.reduce((sum, { plain_bytes }) => sum + plain_bytes, 0),
    shown.plain_bytes,
  );
  t.equal(sizes.names, 5001);
});

t.test('no more tiles than a page can show', async (t) => {
  const folder = (many: number, of: () => NodeSpec) =>
    directory(Object.fromEntries(Array.from({ length: many }, (_, i) => [`n${i}`, of()])));
  const { tile } = await counted(folder(40, () => folder(40, () => file('text'))));
  const count = ({ tiles = [] }: ShownTile): number => tiles.reduce((sum, below) => sum + count(below), 1);
  const shown = await tile();
  t.ok(count(shown) > 300 && count(shown) < 400, `${count(shown)} tiles`);
});

t.test('what ends does not fail', async (t) => {
  const opened = await openFixture(fixture('lz4'));
  const sizes = new FolderSizes(opened, AbortSignal.abort());
  await sizes.count();
  opened.close();
  t.match(sizes, { names: 0, problems: { count: 0 } });
});
