/** A serving thread that dies or hangs costs the request that it had: another thread takes its place, and the mount goes on. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { mountAt } from '../../src/fuse/mountinfo.js';
import { until } from '../support/until.js';
import { asUser, MountServer, makeMountpoint, makeRequest, rootObstacle } from './mount-fixture.js';

t.setTimeout(120_000);

const SERVER = fileURLToPath(new URL('./crashing-server.js', import.meta.url));
/** milliseconds; more than a thread takes to start where many want the processor */
const WATCHDOG = 1_500;

const skip = rootObstacle();
const folder = mkdtempSync(join(tmpdir(), 'crashing-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const fifo = join(folder, 'fifo');
if (skip === false) spawnSync('mkfifo', [fifo]);

async function serve(t: Test): Promise<{ mountpoint: string; server: MountServer }> {
  const { mountpoint, remove } = makeMountpoint(0);
  const request = { ...makeRequest(mountpoint), watchdog: WATCHDOG };
  const environment = { EROFS_TEST_FIFO: fifo, NODE_OPTIONS: '--max-old-space-size=64' };
  const server = new MountServer(request, 0, { program: SERVER, environment });
  t.teardown(async () => {
    server.process.kill('SIGKILL');
    await server.exited;
    remove();
  });
  t.strictSame(await server.next(), { event: 'mounted' });
  return { mountpoint, server };
}

const stat = (path: string) => asUser(0, 'return (await fs.stat(args[0])).isDirectory();', path);

for (const [name, reason] of [
  [
    'exit',
    /"operation":"LOOKUP".*"reason":"exit code 0".*a serving thread died; another one takes its place/,
  ],
  ['memory', /"operation":"LOOKUP".*memory.*a serving thread died; another one takes its place/],
  [
    'spin',
    /"operation":"LOOKUP".*no answer within 1\.5 s.*a serving thread hangs; another one takes its place/,
  ],
  [
    'block',
    /"operation":"LOOKUP".*no answer within 1\.5 s.*a serving thread hangs; another one takes its place/,
  ],
] as const) {
  t.test(`a thread that ends by ${name}`, { skip }, async (t) => {
    const { mountpoint, server } = await serve(t);
    // More often than there are threads: without others in their place nobody would answer the last.
    for (let i = 0; i < 3; i++) t.equal(await stat(`${mountpoint}/${name}`), 'EIO', 'its request fails');
    t.equal(await stat(`${mountpoint}/data`), true, 'others are answered');
    t.match(server.log, reason);
    server.tell('unmount');
    t.strictSame(await server.next(), { event: 'ended' });
    t.equal(await server.exited, 0, 'the process ends');
    t.equal(mountAt(mountpoint), undefined);
  });
}

t.test('threads that die again and again', { skip }, async (t) => {
  const { mountpoint, server } = await serve(t);
  const ended = server.next();
  const errors: unknown[] = [];
  await until(async () => {
    errors.push(await stat(`${mountpoint}/exit`));
    return mountAt(mountpoint) === undefined;
  });
  t.strictSame(await ended, { event: 'ended' }, 'end the mount');
  t.same(errors.slice(0, 4), ['EIO', 'EIO', 'EIO', 'EIO']);
  t.match(server.log, /too many serving threads ended/);
});
