import t from 'tap';
import { Readahead } from '../../src/cache/readahead.js';
import { Random } from '../support/random.js';

const readaheadOf = (largest: number, beginning = 1) => new Readahead({ largest, beginning });

t.test('it begins with the third request, and when a stream has begun', async (t) => {
  const soon = readaheadOf(16);
  t.equal(soon.observe(0, 2), undefined, 'one read is no sequence');
  t.equal(soon.observe(2, 4), undefined, 'two may be a file and its end');
  t.same(soon.observe(4, 6), { first: 6, end: 9 }, 'half of what was read');

  const later = readaheadOf(16, 8);
  for (let chunk = 0; chunk < 7; chunk++) t.equal(later.observe(chunk, chunk + 1), undefined);
  t.same(later.observe(7, 8), { first: 8, end: 12 });
  t.equal(later.observe(7, 8), undefined, 'again the same');
});

t.test('what is fetched for nothing is at most half of what was read', async (t) => {
  for (let length = 1; length < 200; length++) {
    const readahead = readaheadOf(1000, 4);
    let end = 0;
    for (let chunk = 0; chunk < length; chunk++) end = readahead.observe(chunk, chunk + 1)?.end ?? end;
    if (end - length > length / 2) t.fail(`${end - length} chunks behind a file of ${length}`);
  }
});

t.test('a long scan keeps the largest window ahead, each chunk once', async (t) => {
  const readahead = readaheadOf(16);
  const fetched = new Set<number>();
  let ahead = 0;
  for (let chunk = 0; chunk < 1000; chunk++) {
    const run = readahead.observe(chunk, chunk + 1);
    for (let n = run?.first ?? 0; n < (run?.end ?? 0); n++) {
      if (fetched.has(n) || n <= chunk) t.fail(`chunk ${n} a second time`);
      fetched.add(n);
    }
    ahead = Math.max(...fetched, chunk) - chunk;
    if (ahead > 16) t.fail(`${ahead} chunks ahead`);
    if (chunk > 100 && ahead < 7) t.fail(`only ${ahead} chunks ahead of ${chunk}`);
  }
  t.ok(ahead >= 7);
});

t.test('who was served from the window without being seen is met at its end', async (t) => {
  const readahead = readaheadOf(64);
  readahead.observe(0, 4);
  readahead.observe(4, 8);
  t.same(readahead.observe(8, 12), { first: 12, end: 18 });
  t.same(readahead.observe(18, 22), { first: 22, end: 33 }, 'and what it was served counts as read');
});

t.test('two who read in turns are each followed', async (t) => {
  const readahead = readaheadOf(8);
  for (const chunk of [0, 1]) {
    readahead.observe(chunk, chunk + 1);
    readahead.observe(chunk + 1000, chunk + 1001);
  }
  t.same(readahead.observe(2, 4), { first: 4, end: 6 });
  t.same(readahead.observe(1002, 1004), { first: 1004, end: 1006 });
});

t.test('random reads fetch hardly anything ahead', async (t) => {
  const readahead = readaheadOf(1024);
  const random = new Random(5);
  let ahead = 0;
  for (let i = 0; i < 2000; i++) {
    const chunk = random.below(100_000);
    const run = readahead.observe(chunk, chunk + 1);
    if (run !== undefined) ahead += run.end - run.first;
  }
  t.ok(ahead < 200, `${ahead} chunks for 2000`);
});

t.test('0 turns it off', async (t) => {
  const readahead = readaheadOf(0);
  for (let chunk = 0; chunk < 50; chunk++) t.equal(readahead.observe(chunk, chunk + 1), undefined);
});
