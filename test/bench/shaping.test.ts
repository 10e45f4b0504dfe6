/** The shaped link: what is counted and that bytes arrive; its times are bounded from below alone. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Site } from '../../bench/remote-shaping/site.js';

t.test('a site behind a round trip and a bandwidth', async (t) => {
  const folder = t.testdir();
  const content = randomBytes(2_000_000);
  writeFileSync(join(folder, 'blob'), content);
  const site = await Site.start(folder, { roundTrip: 60, bandwidth: 10 });
  t.teardown(() => site.stop());

  const started = performance.now();
  await site.download('blob', join(folder, 'copy'));
  const milliseconds = performance.now() - started;
  t.same(digest(readFileSync(join(folder, 'copy'))), digest(content), 'the bytes arrive');
  // a connection, a request, and 2 MB at 10 MB/s; timers may be early by a millisecond
  t.ok(milliseconds > 60 + 60 + 200 - 5, `${milliseconds} ms`);
  const bytes = await site.takeBytes();
  t.ok(bytes > content.length && bytes < content.length + 1000, `${bytes} bytes with the header`);
  t.equal(await site.takeBytes(), 0, 'counted once');

  const part = await fetch(site.url('blob'), { headers: { range: 'bytes=1000-1999' } });
  t.equal(part.status, 206);
  t.equal(part.headers.get('content-range'), 'bytes 1000-1999/2000000');
  t.same(Buffer.from(await part.arrayBuffer()), content.subarray(1000, 2000));
  t.equal((await fetch(site.url('blob'), { headers: { range: 'bytes=2000000-' } })).status, 416);
  t.equal((await fetch(site.url('../etc/passwd'))).status, 404);
  await t.rejects(site.download('absent', join(folder, 'absent')), { code: 'wrong-answer' });
});

t.test('connections share the bandwidth', async (t) => {
  const folder = t.testdir();
  writeFileSync(join(folder, 'blob'), randomBytes(500_000));
  const site = await Site.start(folder, { roundTrip: 1, bandwidth: 10 });
  t.teardown(() => site.stop());
  const started = performance.now();
  await Promise.all([1, 2, 3, 4].map((number) => site.download('blob', join(folder, `copy-${number}`))));
  const milliseconds = performance.now() - started;
  t.ok(milliseconds > 200 - 5, `${milliseconds} ms for 2 MB at 10 MB/s`);
});

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
