/**
 * Processes that mount one blob with one cache fetch each of its chunks once in all, however they meet: mounted at the same
 * moment, read from several places at once, and whichever of them is killed meanwhile.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaultServer } from '../remote/fault-server.js';
import * as faults from '../remote/faults.js';
import { withoutClaims } from '../support/claims.js';
import { devFuseRoot } from '../support/front-end.js';
import { processesWith } from '../support/mount-table.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { Nginx, withoutNginx } from '../support/nginx.js';
import { CHUNK_SIZE, chunksIn, chunksTwice } from '../support/remote-images.js';
import { digestOf, spreadImage } from '../support/remote-spread.js';
import { erofs, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const MOUNTS = Number(process.env.MOUNTS_AT_ONCE ?? 6);
const AT_A_TIME = 10;

const scratch = new Scratch(t);
if (MOUNTS > 20) t.setTimeout(MOUNTS * 20_000);
const image = spreadImage(5);
const names = [...image.files.keys()];
const skip = withoutClaims() || withoutNginx() || (devFuseRoot.missing ?? false);

/** A server of the image, and a cache that nobody has used. */
async function served(t: Test): Promise<{ nginx: Nginx; words: string[] }> {
  const nginx = await Nginx.start(t, scratch);
  writeFileSync(join(nginx.folder, 'image'), image.bytes);
  // a second request for what is slow would count
  const words = ['--hedge-after', '0', '--prefetch', 'none', '--cache-dir', scratch.folder('self', 'cache')];
  return { nginx, words };
}

async function mountAll(nginx: Nginx, words: readonly string[]): Promise<Mounted[]> {
  const mounts: Mounted[] = [];
  while (mounts.length < MOUNTS) {
    const length = Math.min(AT_A_TIME, MOUNTS - mounts.length);
    const batch = Array.from({ length }, () =>
      mount(scratch, devFuseRoot, { image: nginx.url('image'), words }),
    );
    mounts.push(...(await Promise.all(batch)));
  }
  return mounts;
}

/** All files, half of the readers from the other end. */
async function readAll({ mountpoint }: Mounted, number: number): Promise<string[]> {
  const order = number % 2 === 0 ? names : names.toReversed();
  const said = await run('sha256sum', order, { cwd: mountpoint, limit: 240 });
  return said.stdout.split('\n').filter((line) => line !== '');
}

const expected = names.map((name) => `${digestOf(image, name)}  ${name}`).sort();

async function unmountAll(t: Test, mounts: readonly Mounted[]): Promise<void> {
  for (const mounted of mounts) await mounted.unmountFromOutside();
  t.same((await Promise.all(mounts.map(({ mountpoint }) => remains(mountpoint)))).flat(), []);
}

t.test(`${MOUNTS} mounts read all of it at once`, { skip }, async (t) => {
  const { nginx, words } = await served(t);
  const mounts = await mountAll(nginx, words);
  t.same(chunksIn(nginx.requests('image')), [0], 'the beginning came once for all of them');
  const read = await Promise.all(mounts.map(readAll));
  for (const lines of read) t.same(lines.sort(), expected);
  const requests = nginx.requests('image');
  t.same(chunksTwice(requests), [], 'each chunk came once');
  const needed = [...image.files.values()].reduce((sum, { length }) => sum + length, 0) / CHUNK_SIZE;
  t.ok(chunksIn(requests).length >= needed, `${chunksIn(requests).length} chunks`);
  await unmountAll(t, mounts);
});

t.test('one is killed while it fetches, and another one goes on', { skip }, async (t) => {
  const server = await FaultServer.start(t, image.bytes);
  const cache = scratch.folder('self', 'cache');
  // so long is its patience with one that lives
  const words = ['--hedge-after', '0', '--read-timeout', '3600', '--prefetch', 'none', '--cache-dir', cache];
  const what = { image: server.url(), words };
  const [victim, other] = [await mount(scratch, devFuseRoot, what), await mount(scratch, devFuseRoot, what)];
  const asked = server.seen.length;
  // the inode and the directory are asked for first
  server.always = faults.silence;
  const reader = start('cat', [join(victim.mountpoint, 'victim')]);
  const ended = once(reader, 'close');
  t.ok(await until(() => server.seen.length > asked), 'the victim waits for an answer');
  server.always = undefined;
  const read = run('sha256sum', names, { cwd: other.mountpoint, limit: 60 });
  for (const { pid, words: program } of processesWith(victim.mountpoint)) {
    if (!program.includes('cat')) process.kill(pid, 'SIGKILL');
  }
  t.same((await read).stdout.trim().split('\n').sort(), expected);
  await ended;
  await erofs(['umount', '--lazy', victim.mountpoint]);
  await other.unmountFromOutside();
  t.same([...(await remains(victim.mountpoint)), ...(await remains(other.mountpoint))], []);
});
