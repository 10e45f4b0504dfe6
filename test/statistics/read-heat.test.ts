/** How often what was read: by cell, of each file or blob, by all threads in one memory. */
import t from 'tap';
import { HEAT_CELLS, heatCellSize, heatKey, ReadHeat, readCells } from '../../src/statistics/read-heat.js';

const SIZE = 10_000_000;
const CELL = heatCellSize(SIZE);

const counted = (heat: ReadHeat, id: string): Record<number, number> => {
  const { cells } = readCells(heat.memory).find(({ key }) => key === heatKey(id))!;
  return Object.fromEntries(cells.map((count, cell) => [cell, count]).filter(([, count]) => count !== 0));
};

t.test('reads are counted in each cell that they touch', async (t) => {
  const heat = new ReadHeat();
  t.type(heat.memory, SharedArrayBuffer);
  const image = heat.of('image', SIZE);
  image.note(0, 1);
  image.note(CELL - 1, 2);
  image.note(3 * CELL, 2 * CELL);
  image.note(SIZE - 1, 1);
  image.note(5, 0);
  const last = Math.floor((SIZE - 1) / CELL);
  t.ok(last < HEAT_CELLS);
  t.same(counted(heat, 'image'), { 0: 2, 1: 1, 3: 1, 4: 1, [last]: 1 });
});

t.test(
  'what was opened before there was memory is counted from then on, with that of other threads',
  async (t) => {
    const [first, second] = [new ReadHeat(), new ReadHeat()];
    const early = second.of('image', SIZE);
    early.note(0, 1);
    second.join(first.memory);
    early.note(0, 1);
    first.of('image', SIZE).note(0, 1);
    second.of('other', 10).note(9, 1);
    t.same(counted(first, 'image'), { 0: 2 });
    t.same(counted(first, 'other'), { 9: 1 });
  },
);

t.test('a file of no bytes, and more files than there is room for', async (t) => {
  const heat = new ReadHeat();
  t.equal(readCells(heat.memory).length, 0);
  heat.of('empty', 0).note(0, 0);
  for (let i = 0; i < 100; i++) heat.of(`file ${i}`, SIZE).note(0, SIZE);
  t.equal(readCells(heat.memory).length, 16);
});
