/**
 * kill -9 of the daemon at random moments while a cold image is read: what is kept then is right, what is read then is
 * right, and nothing that is kept is fetched again.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { FaultServer } from '../remote/fault-server.js';
import { devFuseRoot } from '../support/front-end.js';
import { processesWith } from '../support/mount-table.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { Random } from '../support/random.js';
import { type Durable, durable } from '../support/remote-durable.js';
import { chunksIn, IDENTITY_RANGE } from '../support/remote-images.js';
import { digestOf, spreadImage } from '../support/remote-spread.js';
import { erofs, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const ROUNDS = Number(process.env.KILL_ROUNDS ?? 3);
/** A life ends after so many requests at most, and then so many milliseconds. */
const REQUESTS = 12;
const MOMENT = 15;

const scratch = new Scratch(t);
if (ROUNDS > 20) t.setTimeout(ROUNDS * 20_000);
const image = spreadImage(3);
const names = [...image.files.keys()];
const random = new Random(ROUNDS);

/** Chunks that a server was asked for from its request `first` on. */
const fetched = (server: FaultServer, first: number): number[] =>
  server.ranges.slice(first).flatMap((range = '') => {
    const [start = 0, last = -1] = (/^bytes=(\d+)-(\d+)$/.exec(range) ?? []).slice(1).map(Number);
    return chunksIn([{ range, bytes: Math.min(last + 1, server.blob.length) - start }]);
  });

const paths = ({ mountpoint }: Mounted): string[] => names.map((name) => `${mountpoint}/${name}`);

/** What a reader printed that is not the digest of a file. */
const wrongLines = (printed: string): string[] =>
  printed
    .split('\n')
    .filter((line) => line !== '' && !names.some((name) => line.startsWith(`${digestOf(image, name)} `)));

/** One life of a daemon from its mount to its sudden end; returns what is kept then. */
async function killedLife(t: Test, server: FaultServer, cache: string): Promise<Durable> {
  const before = durable(cache, server.url(), image.bytes);
  const asked = server.seen.length;
  const words = ['--hedge-after', '0', '--cache-dir', cache, '--readahead', '256K'];
  const mounted = await mount(scratch, devFuseRoot, { image: server.url(), words });
  const reader = start('sha256sum', paths(mounted));
  let printed = '';
  reader.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  let hasEnded = false;
  const ended = once(reader, 'close').then(() => {
    hasEnded = true;
  });
  const count = asked + 1 + random.below(REQUESTS);
  await until(() => server.seen.length >= count || hasEnded);
  await sleep(random.below(MOMENT));
  for (const { pid, words } of processesWith(mounted.mountpoint)) {
    if (!words.some((word) => word.endsWith('sha256sum'))) process.kill(pid, 'SIGKILL');
  }
  await ended;
  t.same(wrongLines(printed), [], 'no wrong byte was read');
  await erofs(['umount', '--lazy', mounted.mountpoint]);
  t.same(await remains(mounted.mountpoint), [], 'nothing is left');
  const again = fetched(server, asked).filter((chunk) => before.chunks.includes(chunk));
  t.same(again, [], `nothing of ${before.chunks.length} kept chunks is fetched again`);
  const after = durable(cache, server.url(), image.bytes);
  t.same(after.wrong, [], `${after.chunks.length} chunks are kept, and right`);
  return after;
}

async function wholeLife(
  t: Test,
  server: FaultServer,
  cache: string,
  words: readonly string[],
): Promise<void> {
  const what = { image: server.url(), words: ['--cache-dir', cache, ...words] };
  const mounted = await mount(scratch, devFuseRoot, what);
  const read = await run('sha256sum', paths(mounted));
  t.equal(read.status, 0, read.stderr);
  t.same(wrongLines(read.stdout), [], 'all files are right');
  await mounted.unmountFromOutside();
  t.same(await remains(mounted.mountpoint), []);
}

t.test(`${ROUNDS} times`, { skip: devFuseRoot.missing ?? false }, async (t) => {
  const server = await FaultServer.start(t, image.bytes);
  let cache = scratch.folder('self', 'cache');
  let kept = 0;
  let cut = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { chunks } = await killedLife(t, server, cache);
    if (chunks.length > kept) cut += 1;
    kept = chunks.length;
    if (round % 4 < 3) continue;
    const asked = server.seen.length;
    await wholeLife(t, server, cache, []);
    const again = fetched(server, asked).filter((chunk) => chunks.includes(chunk));
    t.same(again, [], 'what was kept is not fetched again');
    await wholeLife(t, server, cache, ['--offline']);
    cache = scratch.folder('self', 'cache');
    kept = 0;
  }
  t.ok(cut > 0, `${cut} lives ended after they had kept something`);
  t.ok(server.ranges.includes(IDENTITY_RANGE), 'a kept blob was asked whether it is the same');
});
