import t from 'tap';
import { PumpProgress, progressMemory, requestOf } from '../../src/fuse/pump-progress.js';
import { RestartLimit } from '../../src/fuse/restart-limit.js';
import { lookInterval, Watchdog } from '../../src/fuse/watchdog.js';

const request = (unique: number): Int32Array => Int32Array.from([40, 1, unique, 0, 77, 0, 0, 0, 0, 0]);

t.test('what a pump is at is seen from elsewhere', async (t) => {
  const memory = progressMemory();
  const pump = new PumpProgress(memory);
  const seen = new PumpProgress(memory);
  t.notOk(seen.isBusy);
  pump.begin(request(5));
  t.ok(seen.isBusy);
  t.equal(Buffer.from(seen.header()).readUInt32LE(8), 5);
  t.strictSame(requestOf(seen.header()), { opcode: 1, nodeId: 77 });
  pump.end();
  t.notOk(seen.isBusy);
  t.notOk(pump.isRetired);
  seen.retire();
  t.ok(pump.isRetired);
});

t.test('a watchdog', async (t) => {
  const one = { progress: new PumpProgress(progressMemory()) };
  const other = { progress: new PumpProgress(progressMemory()) };
  const both = [one, other];
  const limit = 6_000;
  const looks = limit / lookInterval(limit);
  const watchdog = new Watchdog<(typeof both)[number]>(limit);
  const look = (times: number) => Array.from({ length: times }, () => watchdog.look(both)).flat();

  t.same(look(looks * 2), [], 'who has nothing to do does not hang');
  one.progress.begin(request(1));
  t.same(look(looks), [], 'nor who is within the limit');
  t.same(look(1), [one], 'one look later he does');
  one.progress.end();
  one.progress.begin(request(1));
  t.same(look(looks), [], 'another request has its own time');
  other.progress.begin(request(2));
  one.progress.end();
  t.same(look(looks), []);
  t.same(look(1), [other]);
});

t.test('looks are as far apart as the limit allows', async (t) => {
  t.equal(lookInterval(60_000), 5_000);
  t.equal(lookInterval(600), 100);
  t.equal(lookInterval(1), 1);
});

t.test('deaths within ten seconds are counted', async (t) => {
  const limit = new RestartLimit();
  t.same(
    [0, 1_000, 9_000, 10_500, 30_000].map((now) => limit.note(now)),
    [1, 2, 3, 3, 1],
  );
});
