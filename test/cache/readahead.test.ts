import t from 'tap';
import { Readahead } from '../../src/cache/readahead.js';
import { Random } from '../support/random.js';

t.test('a window doubles while somebody reads in sequence', async (t) => {
  const readahead = new Readahead(16);
  t.equal(readahead.observe(0, 1), undefined, 'one read is no sequence');
  t.same(readahead.observe(1, 2), { first: 2, end: 4 });
  t.same(readahead.observe(2, 3), { first: 4, end: 7 });
  t.equal(readahead.observe(2, 3), undefined, 'again the same');
  t.equal(readahead.observe(3, 4)?.first ?? 7, 7, 'and never what was fetched ahead already');
});

t.test('a long scan keeps the largest window ahead, each chunk once', async (t) => {
  const readahead = new Readahead(16);
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
  const readahead = new Readahead(64);
  readahead.observe(0, 4);
  const first = readahead.observe(4, 8)!;
  t.same(first, { first: 8, end: 16 });
  const next = readahead.observe(16, 20)!;
  t.same(next, { first: 20, end: 36 });
});

t.test('two who read in turns are each followed', async (t) => {
  const readahead = new Readahead(8);
  readahead.observe(0, 1);
  readahead.observe(1000, 1001);
  t.same(readahead.observe(1, 2), { first: 2, end: 4 });
  t.same(readahead.observe(1001, 1002), { first: 1002, end: 1004 });
});

t.test('random reads fetch hardly anything ahead', async (t) => {
  const readahead = new Readahead(1024);
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
  const readahead = new Readahead(0);
  for (let chunk = 0; chunk < 50; chunk++) t.equal(readahead.observe(chunk, chunk + 1), undefined);
});
