/** What the block map leaves unknown holds nothing, and no byte is in it twice, in images that mkfs.erofs made. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { BlockCells } from '../../src/explore/block-cells.js';
import { BlockMap } from '../../src/explore/block-map.js';
import type { BlockKind, ShownBlocks } from '../../src/explore/shapes.js';
import { fixture, optionValues, someFixtures } from '../support/fixture.js';
import { openFixture } from '../support/opened.js';

const endless = new AbortController().signal;

async function mapsOf(name: string): Promise<ShownBlocks[]> {
  const opened = await openFixture(fixture(name));
  const map = new BlockMap(opened, endless);
  await map.draw();
  opened.close();
  return map.devices.map((cells) => map.shown(cells));
}

const bytesOf = ({ kinds }: ShownBlocks, wanted: BlockKind): number =>
  kinds.find(({ kind }) => kind === wanted)?.bytes ?? 0;

/** Devices of these belong to other file systems as well. */
const FOREIGN = new Set(['merged', 'tar-index']);

for (const found of someFixtures(8)) {
  t.test(found.name, async (t) => {
    const { name, image, options } = found;
    const offset = Number(optionValues(options, 'offset')[0] ?? 0);
    const files = [
      readFileSync(image).subarray(offset),
      ...optionValues(options, 'device').map((path) => readFileSync(path)),
    ];
    for (const [device, map] of (await mapsOf(name)).entries()) {
      t.match(map, { complete: true, problem_count: 0, size: files[device]!.length });
      const unknown: string[] = [];
      for (let cell = 0; cell * map.cell_size < map.size; cell++) {
        const start = cell * map.cell_size;
        const bytes = files[device]!.subarray(start, start + map.cell_size);
        const known = map.kinds.reduce((sum, { cells }) => sum + cells[cell]!, 0);
        if (known > bytes.length) unknown.push(`${known} bytes in cell ${cell}`);
        const isForeign = device > 0 && FOREIGN.has(name);
        if (known === 0 && !isForeign && bytes.some((byte) => byte !== 0)) unknown.push(`cell ${cell}`);
      }
      t.same(unknown, [], `device ${device}`);
    }
  });
}

t.test('each kind where it is', async (t) => {
  const expected: [name: string, kinds: BlockKind[]][] = [
    ['lz4', ['superblock', 'inode', 'xattr', 'directory', 'index', 'inline', 'plain', 'lz4']],
    ['deflate', ['deflate']],
    ['v17-lzma', ['lzma']],
    ['zstd', ['zstd']],
    ['lz4-fragments', ['packed']],
    ['metabox-lz4', ['metabox']],
    ['chunk4k', ['chunk-table', 'plain']],
  ];
  for (const [name, kinds] of expected) {
    const [map] = await mapsOf(name);
    for (const kind of kinds) t.ok(bytesOf(map!, kind) > 0, `${name}: ${kind}`);
  }
  // 176 inodes, of which a compact one has 32 bytes and an extended one 64
  const inodes = bytesOf((await mapsOf('lz4'))[0]!, 'inode');
  t.ok(inodes >= 176 * 32 && inodes < 176 * 64, `${inodes} bytes of inodes`);
});

t.test('cells', async (t) => {
  const small = new BlockCells(700);
  small.add('plain', 500, 9000);
  small.add('inode', 0, 600);
  t.strictSame(small.kinds(), [
    { kind: 'plain', bytes: 200, cells: [12, 188] },
    { kind: 'inode', bytes: 500, cells: [500, 0] },
  ]);
  const large = new BlockCells(2 ** 40);
  t.equal(large.cellSize, 2 ** 29);
  large.add('plain', 0, 2 ** 40);
  t.equal(large.kinds()[0]!.cells.length, 2048);
});
