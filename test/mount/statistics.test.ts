/** What a mount counts is what was done. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { MountStatistics } from '../../src/control/controlled-mount.js';
import { fixture } from '../support/fixture.js';
import { devFuseRoot, fuseNative } from '../support/front-end.js';
import { Watcher } from '../support/monitoring.js';
import { mountedAt } from '../support/mount-table.js';
import { mount, mountWords, remains } from '../support/mounted.js';
import { command } from '../support/paths.js';
import { spreadImage } from '../support/remote-spread.js';
import { erofs, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);
const skip = devFuseRoot.missing ?? false;
const BLOCK = 4096;

/** Reads of BLOCK bytes past the page cache, each of which is one request. */
const readDirectly = (path: string, count: number, from = 0) =>
  run('dd', [`if=${path}`, 'of=/dev/null', 'iflag=direct', `bs=${BLOCK}`, `count=${count}`, `skip=${from}`]);

const reads = ({ requests }: Pick<MountStatistics, 'requests'>) => requests.READ?.count ?? 0;

t.test('reads of blocks', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const mounted = await mount(scratch, devFuseRoot, { image: fixture('plain').image, environment });
  const { mountpoint } = mounted;
  const before = await watcher.statistics();
  t.equal(reads(before), 0);
  for (let round = 0; round < 3; round++) {
    t.match(await readDirectly(join(mountpoint, 'data/random.bin'), 7), { status: 0 });
  }
  const after = await watcher.statistics();
  t.match(after, { bytes_read: 21 * BLOCK, failures: 0, last_failure: null, waiting: 0 });
  // what it took is known a moment after it is answered
  const timed = async () =>
    (await watcher.statistics()).requests.READ!.durations.reduce((sum, many) => sum + many);
  t.ok(await until(async () => (await timed()) === 21), 'each of the first is timed');
  const { count, failures, p50, p99 } = after.requests.READ!;
  t.same([count, failures], [21, 0]);
  t.ok(p50! > 0 && p99! >= p50!);
  t.same(after.chunk_store, { hits: 0, misses: 0 });
  t.same(after.remote, { bytes: 0, requests: 0, retries: 0, hedges: 0 });
  const lines = (await watcher.lines('stats', mountpoint)).join('\n');
  t.match(lines, /\n {2}READ +21 /);
  t.match(lines, /\n {2}read +84.0 KiB; 0 requests waiting/);
  await mounted.unmountFromOutside();
});

t.test('extents are decoded once, then found', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const mounted = await mount(scratch, devFuseRoot, { image: fixture('lz4').image, environment });
  const path = join(mounted.mountpoint, 'data/pattern.bin');
  const looked: number[] = [];
  for (let round = 0; round < 12; round++) {
    await readDirectly(path, 1);
    const { hits, misses } = (await watcher.statistics()).extent_cache;
    looked.push(hits + misses);
  }
  const { hits, misses } = (await watcher.statistics()).extent_cache;
  t.ok(misses >= 1 && hits >= 1, `${hits} hits, ${misses} misses`);
  t.ok(
    looked.every((now, i) => now > (looked[i - 1] ?? 0)),
    'each read looks',
  );
  await mounted.unmountFromOutside();
});

t.test('through libfuse', { skip: fuseNative.missing ?? false }, async (t) => {
  const watcher = new Watcher(scratch, fuseNative.user);
  const { environment } = watcher;
  const mounted = await mount(scratch, fuseNative, { image: fixture('plain').image, environment });
  const path = join(mounted.mountpoint, 'data/random.bin');
  const said = await run('wc', ['-c', path], { user: fuseNative.user });
  t.equal(said.status, 0);
  const content = await run('sha256sum', [path], { user: fuseNative.user });
  t.equal(content.status, 0);
  const { requests, bytes_read } = await watcher.statistics();
  t.ok(requests.READ!.count > 0 && requests.GETATTR!.count > 0);
  t.ok(bytes_read >= Number.parseInt(said.stdout, 10), `${bytes_read} of ${said.stdout}`);
  await mounted.unmountFromOutside();
});

t.test('what fails is counted, and the last one told', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const spread = spreadImage(7, { file: 20 * BLOCK });
  const cut = scratch.file('cut.erofs', spread.bytes.subarray(0, spread.bytes.length - 2 * BLOCK));
  const { environment } = watcher;
  const options = ['allow_truncated'];
  const mounted = await mount(scratch, devFuseRoot, { image: cut, options, environment });
  const { mountpoint } = mounted;
  const path = join(mountpoint, 'file');
  t.match(await readDirectly(path, 18), { status: 0 });
  for (const block of [19, 18, 19])
    t.match(await readDirectly(path, 1, block), { status: 1, stderr: /error/ });
  const statistics = await watcher.statistics();
  t.same([statistics.requests.READ!.count, statistics.requests.READ!.failures], [21, 3]);
  t.equal(statistics.failures, 3);
  t.ok(Math.abs(Date.now() - statistics.last_failure!) < 600_000);
  const { last_error, failures } = await watcher.status();
  t.equal(failures, 3);
  t.match(last_error, {
    operation: 'READ',
    code: 'truncated',
    nid: Number,
    errno: Number,
    message: /ends at byte/,
  });
  t.match((await watcher.lines('status', mountpoint)).at(-1), /last error +\S+ READ of inode \d+: /);
  await mounted.unmountFromOutside();
});

t.test('a line for each interval, until the mount ends', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const mounted = await mount(scratch, devFuseRoot, { image: fixture('plain').image, environment });
  const { mountpoint } = mounted;
  await watcher.status();
  const words = (...more: string[]) => [command, 'stats', '-i', '0.1', ...more, mountpoint];
  const programs = [words('--json'), words()].map((given) => start(process.execPath, given, { environment }));
  const said = programs.map((program) => {
    const lines: string[] = [];
    let rest = '';
    program.stdout!.setEncoding('utf8').on('data', (text: string) => {
      const pieces = (rest + text).split('\n');
      rest = pieces.pop()!;
      lines.push(...pieces);
    });
    return lines;
  });
  const ends = Promise.all(programs.map((program) => once(program, 'close')));
  t.ok(await until(() => said.every((lines) => lines.length >= 2)));
  await readDirectly(join(mountpoint, 'data/random.bin'), 7);
  const seen = () => said[0]!.map((line) => JSON.parse(line)).reduce((sum, change) => sum + reads(change), 0);
  t.ok(await until(() => seen() >= 7));
  t.ok(await until(() => said[1]!.length > 21));
  await mounted.unmountFromOutside();
  t.same(await ends, [
    [0, null],
    [0, null],
  ]);
  t.equal(seen(), 7, 'each request is in one interval');
  t.equal(
    said[1]!.filter((line) => /requests\/s +read\/s +p50/.test(line)).length >= 2,
    true,
    'the header comes again',
  );
  t.match(said[1]![1], /^ +[\d.]+ +[\d.]+ \w+ /);
});

t.test('metrics', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const words = ['--metrics', '0'];
  const mounted = await mount(scratch, devFuseRoot, { image: fixture('plain').image, words, environment });
  const { mountpoint } = mounted;
  await readDirectly(join(mountpoint, 'data/random.bin'), 7);
  const { metrics } = await watcher.status();
  t.match(metrics, /^127\.0\.0\.1:\d+$/);
  const text = await (await fetch(`http://${metrics}/metrics`)).text();
  t.match(text, /^erofs_requests_total\{kind="READ"\} 7$/m);
  t.match(text, new RegExp(`^erofs_mount_info\\{mountpoint="${mountpoint}",`, 'm'));
  t.equal((await fetch(`http://${metrics}/status`)).status, 404);
  await mounted.unmountFromOutside();
  t.same(await remains(mountpoint), []);
});

t.test('metrics that cannot be told', { skip }, async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const mountpoint = scratch.folder();
  const log = scratch.file('log');
  const what = { image: fixture('plain').image, words: ['--metrics', `${port}`] };
  const said = await erofs(mountWords(devFuseRoot, what, mountpoint, log));
  t.match(said, {
    status: 1,
    stderr: `erofs mount: --metrics 127.0.0.1:${port}: somebody else listens there`,
  });
  t.equal(mountedAt(mountpoint), undefined);
  t.same(await remains(mountpoint), []);
  const kernel = ['mount', '--driver', 'kernel', ...what.words, what.image, mountpoint];
  t.match(await erofs(kernel), { status: 1, stderr: /tells no metrics; use --driver fuse/ });
  t.match(await erofs(['mount', '--metrics', 'x:y', what.image, mountpoint]), {
    status: 2,
    stderr: /expected a port/,
  });
});
