import t from 'tap';
import { Allowance } from '../../src/prefetch/allowance.js';

const KIB = 1024;

t.test('inodes that lie together are always allowed', async (t) => {
  const allowance = new Allowance();
  for (let i = 0; i < 1000; i++) t.ok(allowance.allows(64 * KIB, 16));
  t.notOk(allowance.hasRefused);
});

t.test('of those that do not, a few', async (t) => {
  const allowance = new Allowance();
  for (let i = 0; i < 4; i++) t.ok(allowance.allows(64 * KIB, 15));
  t.notOk(allowance.hasRefused);
  t.notOk(allowance.allows(64 * KIB, 15));
  t.ok(allowance.hasRefused);
  t.ok(allowance.allows(64 * KIB, 16), 'and others all the same');
});
