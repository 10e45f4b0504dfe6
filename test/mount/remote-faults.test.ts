/**
 * What goes wrong with a server while its image is mounted: right bytes or an error that is explained, what is kept goes on,
 * and the mount works again once the fault ends.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaultServer, serve } from '../remote/fault-server.js';
import { silence, stallAfter } from '../remote/faults.js';
import { devFuseRoot } from '../support/front-end.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { digestOf, spreadImage } from '../support/remote-spread.js';
import { describeRun, type Ended, erofs, killGroup, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);
const skip = devFuseRoot.missing ?? false;
// they wait for their servers, hardly for the processor
t.jobs = 4;
const first = spreadImage(1);
/** The same tree in the same places, with other bytes in its files. */
const second = spreadImage(2);

/** Nobody waits so long here: what ends before has not ended by it. */
const PATIENT = ['--read-timeout', '600'];
/** Opening has to end in it, too, on a machine that is busy. */
const IMPATIENT = ['--read-timeout', '5'];

interface Served extends Mounted {
  readonly server: FaultServer;
  readonly cache: string;
}

/** A mount of `first` by a kernel that has seen none of its files, with those of `kept` in the cache. */
async function mountWith(t: Test, kept: readonly string[], words: readonly string[]): Promise<Served> {
  const server = await FaultServer.start(t, first.bytes);
  const cache = scratch.folder('self', 'cache');
  const what = {
    image: server.url(),
    words: ['--hedge-after', '0', '--cache-dir', cache, '--readahead', '0', '--prefetch', 'none', ...words],
  };
  const before = await mount(scratch, devFuseRoot, what);
  for (const name of kept) t.match(await digest(before, name), right(name), `${name} is read`);
  await before.unmountFromOutside();
  t.same(await remains(before.mountpoint), []);
  return { ...(await mount(scratch, devFuseRoot, what)), server, cache };
}

const digest = ({ mountpoint }: Mounted, name: string): Promise<Ended> =>
  run('sha256sum', [join(mountpoint, name)]);

/** How reading a file right ends. */
const right = (name: string, image = first) => ({
  status: 0,
  stdout: new RegExp(`^${digestOf(image, name)} `),
});

const failed = (message: RegExp) => ({ status: 1, stdout: '', stderr: message, timedOut: false });

/** Settles when the server was asked for something that it was not asked for before. */
async function asked(t: Test, { server }: Served, action: () => void): Promise<void> {
  const before = server.seen.length;
  action();
  t.ok(await until(() => server.seen.length > before), 'the server is asked');
}

const log = ({ log }: Mounted): string => readFileSync(log, 'utf8');

async function end(t: Test, mounted: Served): Promise<void> {
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), [], 'nothing is left');
}

for (const [name, fault] of [
  ['does not answer', silence],
  ['stalls in an answer', stallAfter(1000)],
] as const) {
  t.test(`a server that ${name}`, { skip, buffered: true }, async (t) => {
    const mounted = await mountWith(t, ['kept'], IMPATIENT);
    const { server, mountpoint } = mounted;
    server.always = fault;
    let waiting: Promise<Ended> | undefined;
    await asked(t, mounted, () => {
      waiting = digest(mounted, 'victim');
    });
    t.match(await digest(mounted, 'kept'), right('kept'), 'keeps no kept file waiting');
    const look = await run('stat', ['-c', '%s', join(mountpoint, 'other')]);
    t.equal(look.stdout, `${first.files.get('other')!.length}\n`, 'nor a stat');
    t.match(await run('ls', ['-l', mountpoint]), { status: 0, stdout: /victim/ }, 'nor a listing');
    t.match(await waiting!, failed(/Input\/output error/), 'its read is an error within the deadline');
    t.match(
      log(mounted),
      /bytes \d+ to \d+ of http:.*it took longer than [45](\.\d)? s/,
      'the log has the reason',
    );

    server.always = undefined;
    t.match(await digest(mounted, 'victim'), right('victim'), 'once it answers, the file is right');
    await end(t, mounted);
  });
}

t.test('umount --force while a read waits', { skip, buffered: true }, async (t) => {
  const mounted = await mountWith(t, [], PATIENT);
  mounted.server.always = silence;
  let waiting: Promise<Ended> | undefined;
  await asked(t, mounted, () => {
    waiting = digest(mounted, 'victim');
  });
  const said = await erofs(['umount', '--force', mounted.mountpoint]);
  t.equal(said.status, 0, describeRun(said));
  t.match(await waiting!, { status: 1, stdout: '', timedOut: false }, 'the reader is told');
  t.same(await remains(mounted.mountpoint), [], 'nothing is left');
});

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  t.test(`${signal} to a program that waits`, { skip, buffered: true }, async (t) => {
    const mounted = await mountWith(t, [], PATIENT);
    mounted.server.always = silence;
    const reader = start('cat', [join(mounted.mountpoint, 'victim')]);
    t.teardown(() => killGroup(reader));
    const exited = once(reader, 'exit');
    await asked(t, mounted, () => {});
    reader.kill(signal);
    t.same(await exited, [null, signal], 'it ends');
    mounted.server.always = undefined;
    t.match(await digest(mounted, 'victim'), right('victim'), 'the next one reads');
    await end(t, mounted);
  });
}

t.test('a server that goes and comes back', { skip, buffered: true }, async (t) => {
  const mounted = await mountWith(t, ['kept'], IMPATIENT);
  await mounted.server.stop();
  t.match(await digest(mounted, 'kept'), right('kept'), 'what is kept is right');
  t.match(await digest(mounted, 'victim'), failed(/Input\/output error|Network is unreachable/));
  t.match(log(mounted), /ECONNREFUSED/, 'the log has the reason');
  await mounted.server.listen();
  t.match(await digest(mounted, 'victim'), right('victim'), 'back again');
  await end(t, mounted);

  await mounted.server.stop();
  const what = { image: mounted.server.url(), words: ['--cache-dir', mounted.cache, ...IMPATIENT] };
  const without = {
    ...(await mount(scratch, devFuseRoot, what)),
    server: mounted.server,
    cache: mounted.cache,
  };
  t.match(await digest(without, 'kept'), right('kept'), 'mounted without its server: what is kept is right');
  t.match(await digest(without, 'other'), { status: 1, stdout: '' }, 'the rest is an error');
  await mounted.server.listen();
  t.match(await digest(without, 'other'), right('other'), 'and comes when the server comes');
  await end(t, without);
});

function replace(server: FaultServer): void {
  server.blob = second.bytes;
  server.etag = '"version-2"';
}

t.test('an image that is replaced between two reads', { skip, buffered: true }, async (t) => {
  const mounted = await mountWith(t, ['kept'], IMPATIENT);
  replace(mounted.server);
  t.match(await digest(mounted, 'victim'), failed(/Stale file handle/));
  t.match(log(mounted), /has changed since it was opened/, 'the log says so');
  t.match(await digest(mounted, 'kept'), right('kept'), 'what is kept is still the old one');
  t.match(await digest(mounted, 'other'), failed(/Stale file handle/), 'it stays so');
  await end(t, mounted);

  const what = { image: mounted.server.url(), words: ['--cache-dir', mounted.cache] };
  const anew = { ...(await mount(scratch, devFuseRoot, what)), server: mounted.server, cache: mounted.cache };
  for (const name of first.files.keys()) {
    t.match(await digest(anew, name), right(name, second), `${name} of the new one`);
  }
  await end(t, anew);
});

t.test('an image that is replaced in the middle of a file', { skip, buffered: true }, async (t) => {
  for (let answers = 1; answers <= 3; answers++) {
    const mounted = await mountWith(t, [], IMPATIENT);
    const { server } = mounted;
    let left = answers;
    server.always = (exchange) => {
      serve(exchange);
      if (--left === 0) replace(server);
    };
    const read = await digest(mounted, 'long');
    if (read.status === 0) t.match(read, right('long'), `after ${answers} answers: all of it had come`);
    else t.match(read, failed(/Stale file handle/), `after ${answers} answers`);
    t.match(await digest(mounted, 'other'), failed(/Stale file handle/), 'the rest is not mixed in');
    await end(t, mounted);
  }
});
