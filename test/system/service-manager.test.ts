import { randomUUID } from 'node:crypto';
import t from 'tap';
import { managerPatience, notifyManager } from '../../src/system/service-manager.js';
import { receiveDatagrams } from '../support/datagrams.js';
import { noPython } from '../support/python.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const skip = process.platform === 'linux' ? (noPython ?? false) : 'takes Linux';
const scratch = new Scratch(t);
const fail = (problem: Error): never => {
  throw problem;
};

for (const [name, socket] of [
  ['a path', scratch.file('notify')],
  ['an abstract name', `@erofs-${randomUUID()}`],
] as const) {
  t.test(`the manager is told, ${name}`, { skip }, async (t) => {
    const received = await receiveDatagrams(t, socket);
    notifyManager(['READY=1', 'STATUS=serving a – b'], fail, socket);
    notifyManager(['STOPPING=1'], fail, socket);
    t.ok(await until(() => received.length === 2));
    t.same(received, ['READY=1\nSTATUS=serving a – b', 'STOPPING=1']);
  });
}

t.test('a manager that is gone is said, and no failure', { skip }, async (t) => {
  const problems: Error[] = [];
  notifyManager(['READY=1'], (problem) => problems.push(problem), '/none/such');
  t.match(problems, [{ code: 'ENOENT', message: /sendto \/none\/such/ }]);
});

t.test('nobody asked', async (t) => {
  notifyManager(['READY=1'], fail, undefined);
  notifyManager(['READY=1'], fail, '');
  t.pass('nothing was sent');
});

t.test('how often the manager wants to hear', async (t) => {
  const pid = String(process.pid);
  t.equal(managerPatience({ WATCHDOG_USEC: '2000000' }), 2_000);
  t.equal(managerPatience({ WATCHDOG_USEC: '2000000', WATCHDOG_PID: pid }), 2_000);
  t.equal(managerPatience({ WATCHDOG_USEC: '2000000', WATCHDOG_PID: '1' }), undefined, 'another process');
  t.equal(managerPatience({ WATCHDOG_USEC: '0' }), undefined);
  t.equal(managerPatience({}), undefined);
});
