/** A layer whose blob is its image: shared by digest, and checked when all of it is here. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { keptBlobs } from '../../src/cache/cache-contents.js';
import type { LazySource } from '../../src/cache/lazy-source.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { digestOf } from '../support/zstd-layer.js';
import { CHUNK, Opening } from './opening.js';

const IMAGE = Buffer.from(new Random(11).bytes(5 * CHUNK + 100));
const WHOLE = { offset: 0, length: IMAGE.length };
const scratch = new Scratch(t);
const PLAIN = { kind: 'plain' } as const;

t.test('nothing is asked before something is wanted, and then no more than that', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry } = opening;
  const blob = opening.describe(IMAGE, PLAIN);
  const layer = await opening.open(blob);
  t.same(registry.requests, []);
  t.equal(layer.source.size, IMAGE.length);
  t.match(layer.known, { id: blob.digest, name: blob.name, size: IMAGE.length, version: 'digest' });
  t.ok((await layer.read({ offset: CHUNK + 5, length: 10 })).equals(IMAGE.subarray(CHUNK + 5, CHUNK + 15)));
  t.same(registry.requests, [{ digest: blob.digest, offset: CHUNK, length: CHUNK }]);
});

t.test('a thread that cannot wait, and a mount without the network, find what is kept', async (t) => {
  const opening = new Opening(t, scratch);
  const blob = opening.describe(IMAGE, PLAIN);
  const layer = await opening.open(blob);
  await layer.read({ offset: 0, length: CHUNK });
  await (layer.source as LazySource).flush();
  const { length } = opening.registry.requests;
  for (const found of [layer.known, undefined]) {
    const alone = await opening.open(blob, { offline: true, ...(found && { found }) });
    const dst = Buffer.alloc(CHUNK);
    t.ok(alone.source.readSync!(dst, 0));
    t.ok(dst.equals(IMAGE.subarray(0, CHUNK)));
    t.notOk(alone.source.readSync!(dst, CHUNK));
    await t.rejects(alone.read({ offset: CHUNK, length: 1 }), { code: 'offline' });
  }
  t.equal(opening.registry.requests.length, length);
});

t.test('the digest of all of it, right', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry } = opening;
  const blob = opening.describe(IMAGE, PLAIN);
  const layer = await opening.open(blob);
  await (layer.source as LazySource).prefetch(WHOLE);
  await (layer.source as LazySource).flush();
  await layer.whole!.settled();
  t.ok((await layer.read()).equals(IMAGE));
  t.same(opening.reports, []);
  layer.close();
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(registry.open, 0, 'the registry was let go');
  t.equal(registry.asked(blob.digest), IMAGE.length);
  // who comes later need not ask, and finds that it was right
  registry.isGone = true;
  const later = await opening.open(blob);
  await later.whole!.settled();
  t.ok((await later.read()).equals(IMAGE));
});

t.test('the digest of what somebody else has fetched', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry } = opening;
  const blob = opening.describe(IMAGE, PLAIN);
  registry.lies.set(blob.digest, 3 * CHUNK);
  // without a watch
  const first = await opening.open(blob, { verified: true });
  t.equal(first.whole, undefined, 'what is proven block by block is not checked as a whole');
  await first.read();
  await (first.source as LazySource).flush();
  first.close();
  const second = await opening.open(blob);
  await t.rejects(second.whole!.settled(), { code: 'bad-digest' });
});

t.test('the digest of all of it, wrong: it is told, and what is kept goes', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry, reports } = opening;
  const blob = opening.describe(IMAGE, PLAIN);
  registry.lies.set(blob.digest, 3 * CHUNK + 7);
  const layer = await opening.open(blob);
  const source = layer.source as LazySource;
  const before = await layer.read();
  t.notOk(before.equals(IMAGE), 'nobody knows yet');
  t.ok(await until(() => reports.length > 0), 'told by itself');
  await t.rejects(layer.whole!.settled(), { code: 'bad-digest', message: blob.digest });
  t.match(reports, [{ code: 'bad-digest', message: /thrown away/ }]);
  const offline = await opening.open(blob, { offline: true, found: layer.known });
  t.notOk(offline.source.readSync!(Buffer.alloc(1), 0), 'for other threads, too');
  // whoever lied was blamed, and another one asked for all of it
  const { length } = registry.requests;
  t.ok(
    (await layer.read({ offset: 3 * CHUNK, length: 100 })).equals(IMAGE.subarray(3 * CHUNK, 3 * CHUNK + 100)),
  );
  t.same(registry.requests.slice(length), [{ digest: blob.digest, ...WHOLE }]);
  t.ok((await layer.read()).equals(IMAGE));
  await source.flush();
  await layer.whole!.settled();
  t.equal(reports.length, 1, 'and nothing else');
  t.equal(registry.requests.length, length + 1);
});

t.test('wrong everywhere: reads fail, and it is not fetched again and again', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry } = opening;
  registry.isHopeless = true;
  const blob = opening.describe(IMAGE, PLAIN);
  registry.lies.set(blob.digest, 3 * CHUNK + 7);
  const layer = await opening.open(blob);
  await layer.read();
  await (layer.source as LazySource).flush();
  await t.rejects(layer.whole!.settled(), { code: 'bad-digest' });
  const { length } = registry.requests;
  await t.rejects(layer.read({ offset: 0, length: 1 }), { code: 'bad-digest' });
  await t.rejects(layer.read({ offset: 0, length: 1 }), { code: 'bad-digest' });
  t.equal(registry.requests.length, length + 1, 'once');
});

t.test('what is fetched again after it was evicted is checked again', async (t) => {
  const opening = new Opening(t, scratch);
  const { registry } = opening;
  const blob = opening.describe(IMAGE, PLAIN);
  const first = await opening.open(blob);
  await first.read();
  await (first.source as LazySource).flush();
  await first.whole!.settled();
  first.close();
  const blobs = join(opening.cacheDirectory, 'blobs');
  rmSync(keptBlobs(blobs)[0]!.folder, { recursive: true });
  registry.lies.set(blob.digest, 5);
  const second = await opening.open(blob);
  await second.read();
  await (second.source as LazySource).flush();
  await t.rejects(second.whole!.settled(), { code: 'bad-digest' });
});

t.test('a part of a file', async (t) => {
  const opening = new Opening(t, scratch);
  const path = scratch.file('archive', Buffer.concat([Buffer.alloc(512), IMAGE, Buffer.alloc(512)]));
  const place = { kind: 'file', path, offset: 512 } as const;
  const blob = opening.describe(IMAGE, PLAIN, { place });
  const layer = await opening.open(blob, { offline: true });
  t.equal(layer.known, undefined);
  t.equal(layer.source.size, IMAGE.length);
  t.ok((await layer.read()).equals(IMAGE));
  const dst = Buffer.alloc(100);
  t.ok(layer.source.readSync!(dst, IMAGE.length - 100));
  t.ok(dst.equals(IMAGE.subarray(-100)));
  t.throws(() => layer.source.readSync!(dst, IMAGE.length - 99), { code: 'truncated' });
  t.throws(() => layer.source.read([{ offset: IMAGE.length, length: 1 }]), { code: 'truncated' });
  const beyond = opening.describe(IMAGE, PLAIN, { place: { ...place, offset: 1025 } });
  await t.rejects(opening.open(beyond), { code: 'truncated', message: path });
  t.same(opening.registry.requests, []);
});

t.test('a blob that nobody described', async (t) => {
  const opening = new Opening(t, scratch);
  const encoding = {
    kind: 'indexed',
    offset: 0,
    digest: digestOf(IMAGE),
    blob: 'sha256:0',
    compressed: true,
  };
  const blob = opening.describe(IMAGE, encoding as never);
  await t.rejects(opening.open(blob), { code: 'unknown-blob', message: /sha256:0/ });
});
