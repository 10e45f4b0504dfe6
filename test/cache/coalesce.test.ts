import t from 'tap';
import { coalesce } from '../../src/cache/coalesce.js';

const any = () => true;

t.test('neighbours are one run', async (t) => {
  t.same(coalesce([], { gap: 0, longest: 9 }, any), []);
  t.same(coalesce([1, 2, 3, 5, 7, 8], { gap: 0, longest: 9 }, any), [
    { first: 1, end: 4 },
    { first: 5, end: 6 },
    { first: 7, end: 9 },
  ]);
});

t.test('a gap of the given length is crossed, a longer one is not', async (t) => {
  t.same(coalesce([0, 3, 7], { gap: 2, longest: 99 }, any), [
    { first: 0, end: 4 },
    { first: 7, end: 8 },
  ]);
});

t.test('a gap with something that must not be fetched is not crossed', async (t) => {
  const limits = { gap: 5, longest: 99 };
  t.same(
    coalesce([0, 3], limits, (chunk) => chunk !== 2),
    [
      { first: 0, end: 1 },
      { first: 3, end: 4 },
    ],
  );
});

t.test('no run is longer than the longest', async (t) => {
  t.same(coalesce([0, 1, 2, 3, 4], { gap: 0, longest: 2 }, any), [
    { first: 0, end: 2 },
    { first: 2, end: 4 },
    { first: 4, end: 5 },
  ]);
  t.same(coalesce([0, 3], { gap: 3, longest: 3 }, any).length, 2, 'with its gaps');
});
