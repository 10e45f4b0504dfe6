/** What is told of images behind a network: what came, what is here, who waits, and no secret. */
import { once } from 'node:events';
import { join } from 'node:path';
import t from 'tap';
import { FaultServer } from '../remote/fault-server.js';
import * as faults from '../remote/faults.js';
import { devFuseRoot } from '../support/front-end.js';
import { Watcher } from '../support/monitoring.js';
import { mount, remains } from '../support/mounted.js';
import { CHUNK_SIZE } from '../support/remote-images.js';
import { spreadImage } from '../support/remote-spread.js';
import { killGroup, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);
const skip = devFuseRoot.missing ?? false;
const image = spreadImage(6, { one: 100 << 10, two: 200 << 10, three: 300 << 10 });

/** Hedges would make what is counted depend on time. */
const words = (cache: string, ...more: string[]) => ['--hedge-after', '0', '--cache-dir', cache, ...more];

t.test('what came and what is here', { skip }, async (t) => {
  const server = await FaultServer.start(t, image.bytes);
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const cache = scratch.folder('self', 'cache');
  const what = { image: server.url(), words: words(cache, '--prefetch', 'none'), environment };
  const mounted = await mount(scratch, devFuseRoot, what);
  const { mountpoint } = mounted;
  const before = await watcher.statistics();
  const asked = server.seen.length;
  t.match(await run('sha256sum', [...image.files.keys()], { cwd: mountpoint }), { status: 0 });
  const after = await watcher.statistics();
  const requests = server.seen.slice(asked);
  t.ok(requests.length >= 3);
  t.equal(after.remote.requests - before.remote.requests, requests.length, 'each request of the server');
  const bytes = requests.reduce((sum, { headers }) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range!)!;
    return sum + Math.min(image.bytes.length, Number(last) + 1) - Number(first);
  }, 0);
  t.equal(after.remote.bytes - before.remote.bytes, bytes, 'each byte that it sent');
  t.same([after.remote.retries, after.remote.hedges, after.failures], [0, 0, 0]);
  const missed = after.chunk_store.misses - before.chunk_store.misses;
  t.ok(missed > 0 && missed <= bytes / CHUNK_SIZE + requests.length, `${missed} chunks were waited for`);
  const [blob, ...more] = (await watcher.status()).blobs;
  t.same([blob!.name, blob!.size, more], [server.url(), image.bytes.length, []]);
  t.ok(blob!.kept >= bytes && blob!.kept < blob!.size, `${blob!.kept} bytes are here, ${bytes} came`);
  t.match(
    (await watcher.lines('status', mountpoint)).join('\n'),
    /\n {2}here +[\d.]+ .iB of [\d.]+ .iB \(\d+ %\)\n/,
  );
  await mounted.unmountFromOutside();

  const again = await mount(scratch, devFuseRoot, what);
  const fresh = await watcher.statistics();
  await run('sha256sum', [...image.files.keys()], { cwd: again.mountpoint });
  const kept = await watcher.statistics();
  t.equal(kept.chunk_store.misses, fresh.chunk_store.misses, 'all of it was here');
  t.ok(kept.chunk_store.hits > fresh.chunk_store.hits);
  t.equal(kept.remote.bytes, fresh.remote.bytes);
  await again.unmountFromOutside();
});

t.test('prefetching comes to its end', { skip }, async (t) => {
  const server = await FaultServer.start(t, image.bytes);
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const given = words(scratch.folder('self', 'cache'), '--prefetch', 'all');
  const mounted = await mount(scratch, devFuseRoot, { image: server.url(), words: given, environment });
  const isDone = async () => {
    const { blobs, prefetching } = await watcher.status();
    return blobs.every(({ kept, size }) => kept === size) && prefetching === null;
  };
  t.ok(await until(isDone));
  t.match((await watcher.lines('status', mounted.mountpoint)).join('\n'), /\(100 %\)\n/);
  await mounted.unmountFromOutside();
});

t.test('who waits is counted, and the server answers meanwhile', { skip }, async (t) => {
  const server = await FaultServer.start(t, image.bytes);
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const given = words(scratch.folder('self', 'cache'), '--prefetch', 'none', '--read-timeout', '3600');
  const mounted = await mount(scratch, devFuseRoot, { image: server.url(), words: given, environment });
  const { mountpoint } = mounted;
  await run('stat', [join(mountpoint, 'two')]);
  server.always = faults.silence;
  // a read ahead would not be interrupted with its reader
  const reader = start('dd', [`if=${join(mountpoint, 'two')}`, 'of=/dev/null', 'iflag=direct', 'bs=64K']);
  const ended = once(reader, 'close');
  t.ok(await until(async () => (await watcher.statistics()).waiting > 0));
  t.ok((await watcher.status()).waiting > 0);
  t.match((await watcher.lines('status', mountpoint)).join('\n'), /\n {2}waiting +\d+ requests for bytes\n/);
  killGroup(reader);
  await ended;
  t.ok(await until(async () => (await watcher.statistics()).interrupted > 0));
  await mounted.unmountFromOutside();
  t.same(await remains(mountpoint), []);
});

t.test('retries, and the failure in the end', { skip }, async (t) => {
  const server = await FaultServer.start(t, image.bytes);
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const given = words(scratch.folder('self', 'cache'), '--prefetch', 'none', '--read-timeout', '1');
  const mounted = await mount(scratch, devFuseRoot, { image: server.url(), words: given, environment });
  const { mountpoint } = mounted;
  await run('stat', [join(mountpoint, 'two')]);
  server.always = faults.reset;
  t.not((await run('cat', [join(mountpoint, 'two')])).status, 0);
  const { remote, failures } = await watcher.statistics();
  t.ok(remote.retries > 0, `${remote.retries} retries`);
  t.ok(failures > 0);
  t.match((await watcher.status()).last_error, { operation: 'READ', code: 'unreachable' });
  await mounted.unmountFromOutside();
});

t.test('no secret of a URL is told', { skip }, async (t) => {
  const server = await FaultServer.start(t, image.bytes);
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const url = `${server.url().replace('http://', 'http://anna:geheim1@')}?token=geheim2`;
  const given = words(scratch.folder('self', 'cache'), '--metrics', '0');
  const mounted = await mount(scratch, devFuseRoot, { image: url, words: given, environment });
  const { mountpoint } = mounted;
  const status = await watcher.status();
  t.equal(status.image, server.url());
  const metrics = await (await fetch(`http://${status.metrics}/metrics`)).text();
  const text = (await watcher.lines('status', mountpoint)).join('\n');
  t.match(metrics, server.url());
  for (const told of [JSON.stringify(status), metrics, text]) t.notMatch(told, /geheim|anna/);
  await mounted.unmountFromOutside();
});
