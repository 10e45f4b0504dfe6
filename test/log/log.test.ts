/** A log's lines as JSON and as text: one an event, whatever stands in it. */
import { closeSync, openSync, readFileSync } from 'node:fs';
import t from 'tap';
import { openLog } from '../../src/log/log.js';
import type { Log } from '../../src/log/log-events.js';
import { LOG_FORMATS, type LogFormat, logText } from '../../src/log/log-text.js';
import { replaceDescriptor } from '../../src/system/libc.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

function lines(format: LogFormat | undefined, write: (log: Log) => void): string[] {
  const path = scratch.file('log', '');
  const descriptor = openSync(path, 'a');
  write(openLog(descriptor, format));
  closeSync(descriptor);
  return readFileSync(path, 'utf8').split('\n');
}

/** What names in an image may bring along. */
const nasty = 'a\nb\u001b[31mc\u009bd\u202ee';

function story(log: Log): void {
  log.debug({ event: 'xattrs-unknown' }, 'not told at this level');
  log.info({ event: 'mounted', image: '/a b.erofs', mountpoint: '/mnt' }, 'mounted');
  log.warn({ event: 'problem', operation: 'read', nid: 36, code: undefined }, nasty);
  log.error({ event: 'unmount-failed', err: new Error(nasty) }, 'unmounting failed');
}

t.test('JSON, unless something else is asked for', async (t) => {
  for (const format of [undefined, 'json'] as const) {
    const [mounted, problem, failed, ...rest] = lines(format, story);
    t.same(rest, [''], 'a line an event');
    t.match(JSON.parse(mounted!), {
      ...{ level: 30, pid: process.pid, event: 'mounted', image: '/a b.erofs', msg: 'mounted' },
      time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    });
    t.match(JSON.parse(problem!), { level: 40, event: 'problem', nid: 36, msg: nasty });
    t.match(JSON.parse(failed!), {
      level: 50,
      event: 'unmount-failed',
      err: { message: nasty, stack: /Error/ },
    });
  }
});

t.test('text', async (t) => {
  const [mounted, problem, failed, ...rest] = lines('text', story);
  t.same(rest, [''], 'a line an event');
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;
  for (const line of [mounted!, problem!, failed!]) t.match(line, time);
  t.equal(mounted!.replace(time, ''), 'INFO  mounted: mounted image="/a b.erofs" mountpoint=/mnt');
  t.equal(
    problem!.replace(time, ''),
    'WARN  problem: "a\\nb\\u001b[31mc\\u009bd\\u202ee" operation=read nid=36',
  );
  t.match(failed!, / ERROR unmount-failed: unmounting failed err=\{"type":"Error","message":"a\\nb/);
  for (const line of [problem!, failed!]) t.notMatch(line, /\p{C}/u, 'nothing that a terminal obeys');
});

t.test('values that might be taken for others', async (t) => {
  const line = (fields: object) =>
    logText(`${JSON.stringify({ level: 30, time: 'T', event: 'e', msg: 'm', pid: 1, ...fields })}\n`);
  t.equal(line({ a: 'x=y' }), 'T INFO  e: m a="x=y"\n');
  t.equal(line({ a: '' }), 'T INFO  e: m a=""\n');
  t.equal(line({ a: null, b: true, c: 1.5 }), 'T INFO  e: m a=null b=true c=1.5\n');
  t.equal(line({ a: { b: ['x y'] } }), 'T INFO  e: m a={"b":["x y"]}\n');
});

t.test('lines that a disk did not take are counted in the next one', async (t) => {
  for (const format of LOG_FORMATS) {
    const path = scratch.file('log', '');
    const [descriptor, disk] = [openSync('/dev/full', 'w'), openSync(path, 'a')];
    const log = openLog(descriptor, format);
    for (let i = 0; i < 3; i++) log.info({ event: 'ended' }, 'ended');
    replaceDescriptor(disk, descriptor);
    log.info({ event: 'mounted' }, 'mounted');
    log.info({ event: 'unmounting' }, 'unmounting');
    closeSync(descriptor);
    closeSync(disk);
    const [lost, ...others] = readFileSync(path, 'utf8').trimEnd().split('\n');
    t.match(
      lost,
      format === 'json' ? /"event":"lines-lost","lost":3,"msg"/ : / WARN {2}lines-lost: .* lost=3$/,
    );
    t.match(others, [/mounted/, /unmounting/], 'once');
  }
});
