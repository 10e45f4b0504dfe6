import t from 'tap';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { ProblemLog } from '../../src/fuse/problem-log.js';

t.test('a problem is told once a node, with where it is', async (t) => {
  const lines: unknown[] = [];
  const log = new ProblemLog((record, message) => lines.push({ ...record, message }));
  const problem = new ErofsError('corrupt', 'broken', { nid: 7, offset: 0x1000 });
  for (let time = 0; time < 3; time++) log.report({ operation: 'READ', nid: 5, errno: 117 }, problem);
  t.strictSame(lines, [
    {
      operation: 'READ',
      nid: 7,
      errno: 117,
      offset: 0x1000,
      device: undefined,
      code: 'corrupt',
      message: 'broken',
    },
  ]);
  log.report({ operation: 'LOOKUP', nid: 5, errno: 117 }, problem);
  log.report({ operation: 'READ', nid: 5, errno: 5 }, new ErofsError('undecodable', 'x', { nid: 7 }));
  log.report({ operation: 'READ', nid: 6, errno: 5 }, new Error('of node 6'));
  t.equal(lines.length, 4);
  t.match(lines[3], { nid: 6, code: undefined, message: 'of node 6' });
});

t.test('an image that has changed is told once for all its nodes', async (t) => {
  const lines: string[] = [];
  const log = new ProblemLog((_, message) => lines.push(message));
  const stale = (name: string) => Object.assign(new Error(`${name} has changed`), { code: 'stale' });
  for (const nid of [1, 2, 3]) log.report({ operation: nid === 3 ? 'LOOKUP' : 'READ', nid }, stale('a'));
  log.report({ operation: 'READ', nid: 1 }, stale('b'));
  t.same(lines, ['a has changed', 'b has changed']);
});

t.test('what is remembered has a limit', async (t) => {
  let lines = 0;
  const log = new ProblemLog(() => lines++);
  const report = (nid: number) => log.report({ operation: 'READ', nid }, new Error());
  for (let nid = 0; nid < 1024; nid++) report(nid);
  report(0);
  t.equal(lines, 1024);
  report(5000);
  report(0);
  t.equal(lines, 1026, 'forgotten, and told again');
});
