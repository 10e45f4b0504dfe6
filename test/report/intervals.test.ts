import t from 'tap';
import { Intervals } from '../../src/report/intervals.js';
import { Random } from '../support/random.js';

t.test('bytes count once, as in a map of every byte', async (t) => {
  const random = new Random(7);
  for (let round = 0; round < 20; round++) {
    const intervals = new Intervals();
    const map = new Uint8Array(400);
    for (let i = 0; i < 60; i++) {
      const start = random.below(390);
      const end = start + random.below(12);
      const before = map.reduce((sum, byte) => sum + byte, 0);
      const fresh = new Uint8Array(400);
      for (let at = start; at < end; at++) fresh[at] = map[at]! === 0 ? 1 : 0;
      map.fill(1, start, end);
      const after = map.reduce((sum, byte) => sum + byte, 0);
      const told = new Uint8Array(400);
      const count = intervals.add(start, end, (from, to) => told.fill(1, from, to));
      if (count !== after - before) t.fail(`round ${round}: ${start} .. ${end}`);
      if (Buffer.compare(told, fresh) !== 0)
        t.fail(`round ${round}: ${start} .. ${end}: other ranges are new`);
    }
  }
  t.equal(new Intervals().add(5, 5), 0);
});
