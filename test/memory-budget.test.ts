/** The shares of all threads never add up to more than the budget, whatever it is and however many they are. */
import t from 'tap';
import { PUMP_BUFFERS } from '../src/fuse/dev-fuse-pump.js';
import {
  DEFAULT_MEMORY,
  type ImageMemory,
  imageMemory,
  LEAST_MEMORY,
  memoryOf,
  servingMemory,
  singleMemory,
} from '../src/memory-budget.js';

const MIB = 2 ** 20;
/** Of what caches let go of, as much waits to be used again. */
const SPARE = 10 / 9;
const INODE = 1024;

const sum = ({ metadata, decoded, inodes, hashes, names, chunks, objects }: ImageMemory): number =>
  SPARE * (metadata + decoded) + inodes * INODE + hashes + names + chunks + objects;

t.test('shares within the budget', async (t) => {
  for (const total of [LEAST_MEMORY, 20 * MIB + 1, DEFAULT_MEMORY, 4096 * MIB]) {
    t.ok(sum(singleMemory(total)) <= total, `one thread, ${total}`);
    for (const pumps of [2, 3, 4]) {
      const { pump, waiting, requests, scan } = servingMemory(total, pumps, PUMP_BUFFERS);
      // an image that is all here has nothing that waits, and is the only one that is looked through
      const beside = Math.max(sum(waiting) + requests, sum(scan));
      const all = pumps * (sum(pump) + PUMP_BUFFERS) + beside;
      t.ok(all <= total, `${pumps} pumps: ${all} of ${total}`);
      t.ok(all > total * 0.7, `and not much is left over: ${all} of ${total}`);
      for (const share of Object.entries({ ...pump, chunks: 1 })) t.ok(share[1] > 0, `${share}`);
    }
  }
});

t.test('what is said of it', async (t) => {
  t.equal(memoryOf(undefined, '--memory'), DEFAULT_MEMORY);
  t.equal(memoryOf('16M', '--memory'), LEAST_MEMORY);
  t.equal(memoryOf('1G', '--memory'), 1024 * MIB);
  t.throws(() => memoryOf('15M', '-o memory'), {
    code: 'usage',
    message: /^-o memory 15M: expected 16M or more: .*128M is the default$/,
  });
  t.throws(() => memoryOf('much', '--memory'), {
    code: 'usage',
    message: /^--memory much: expected a number/,
  });
  t.ok(imageMemory(0).metadata === 0);
});
