/** What a mount may cost over a long way: round trips that wait for each other, and bytes that nobody wanted. */
import { createHash } from 'node:crypto';
import { statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { makeImage, noMkfs } from '../support/make-image.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { Nginx, type NginxRequest, withoutNginx } from '../support/nginx.js';
import { Random } from '../support/random.js';
import { publish } from '../support/remote-images.js';
import { RoundTripProxy } from '../support/round-trip-proxy.js';
import { erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

/** Milliseconds. */
const ROUND_TRIP = 50;
/** Round trips that wait for each other, connections included: a mount and the first `ls -l`; then a file of 100 KB. */
const MOUNT_AND_LIST = 4;
const ONE_FILE = 2;
/** Bytes fetched for each that was needed: of a whole image; of files at random, metadata and the ends of chunks included. */
const WHOLE = 1.3;
const SOME_FILES = 2;

const skip = withoutNginx() || (devFuseRoot.missing ?? false);
const scratch = new Scratch(t);

interface Cold extends Mounted {
  readonly cache: string;
}

/** With the prefetch `none` nothing is fetched that nobody waits for: what is counted was waited for. */
async function mountCold(image: string, prefetch = 'none'): Promise<Cold> {
  const cache = scratch.folder('self', 'cache');
  const words = ['--hedge-after', '0', '--cache-dir', cache, '--prefetch', prefetch];
  return { ...(await mount(scratch, devFuseRoot, { image, words })), cache };
}

/** Whether all metadata is in the cache. */
const isListable = async ({ cache }: Cold, url: string): Promise<boolean> =>
  (await erofs(['ls', '-R', '--offline', '--cache-dir', cache, url])).status === 0;

async function end(t: Test, { mountpoint, unmountFromOutside }: Mounted): Promise<void> {
  await unmountFromOutside();
  t.same(await remains(mountpoint), [], 'nothing is left');
}

const bytesOf = (requests: readonly NginxRequest[]): number =>
  requests.reduce((sum, { bytes }) => sum + bytes, 0);

async function readFile(t: Test, { mountpoint }: Cold, when: string, proxy: RoundTripProxy): Promise<void> {
  const read = await run('cat', [join(mountpoint, 'sizes/text-100000')]);
  t.equal(read.stdout.length, 100_000);
  const { sequential, requests } = proxy.take();
  t.ok(sequential <= ONE_FILE, `a file of 100 KB ${when}: ${sequential} round trips of ${requests}`);
}

for (const name of ['wide-plain', 'wide-lz4hc-c64k-frag', 'wide-zstd-metabox']) {
  t.test(`round trips of ${name}`, { skip }, async (t) => {
    const nginx = await Nginx.start(t, scratch);
    publish(fixture(name), nginx.folder);
    const { port, pathname } = new URL(nginx.url(`${name}.erofs`));
    const proxy = await RoundTripProxy.start(t, Number(port), ROUND_TRIP);
    const url = `http://127.0.0.1:${proxy.port}${pathname}`;

    const mounted = await mountCold(url);
    const opening = proxy.take();
    t.ok(opening.sequential >= 2, 'the proxy sees a connection and a request at least');
    t.equal((await run('ls', ['-l', mounted.mountpoint])).status, 0);
    const listing = proxy.take();
    const both = opening.sequential + listing.sequential;
    t.ok(both <= MOUNT_AND_LIST, `mount: ${opening.sequential}, ls -l: ${listing.sequential} round trips`);
    await end(t, mounted);

    const early = await mountCold(url);
    proxy.take();
    await readFile(t, early, 'before its metadata has come', proxy);
    await end(t, early);

    const ahead = await mountCold(url, 'metadata');
    t.ok(await until(() => isListable(ahead, url)), 'the metadata comes by itself');
    proxy.take();
    await readFile(t, ahead, 'when its metadata has come', proxy);
    await end(t, ahead);
  });
}

t.test('bytes of a whole image', { skip }, async (t) => {
  const nginx = await Nginx.start(t, scratch);
  for (const name of ['wide-plain', 'wide-lz4hc-c64k-frag']) {
    const image = fixture(name);
    publish(image, nginx.folder);
    const mounted = await mountCold(nginx.url(`${name}.erofs`));
    await run('find', [mounted.mountpoint, '-type', 'f', '-exec', 'cat', '{}', '+']);
    const ratio = bytesOf(nginx.requests(`${name}.erofs`)) / statSync(image.image).size;
    t.ok(ratio > 0.5 && ratio <= WHOLE, `${name}: ${ratio.toFixed(2)} bytes were fetched for each`);
    await end(t, mounted);
  }
});

interface SizedFiles {
  readonly image: string;
  /** bytes and SHA-256 by name */
  readonly files: ReadonlyMap<string, { readonly size: number; readonly digest: string }>;
}

/** An image of `count` files of 1 KiB to 1 MiB, as many of each order of magnitude. */
async function sizedFiles(count: number, random: Random): Promise<SizedFiles> {
  const tree = scratch.folder('self', 'tree');
  const noise = random.bytes(2 ** 18);
  const content = Buffer.concat(Array.from({ length: 8 }, () => noise));
  const files = new Map<string, { size: number; digest: string }>();
  for (let number = 0; number < count; number++) {
    const size = Math.round(1024 * 2 ** (random.below(10_001) / 1000));
    const bytes = content.subarray(number, number + size);
    writeFileSync(join(tree, `${number}`), bytes);
    files.set(`${number}`, { size, digest: createHash('sha256').update(bytes).digest('hex') });
  }
  return { image: (await makeImage(scratch, tree, [])).image, files };
}

t.test('bytes of one file in twenty', { skip: skip || (noMkfs ?? false) }, async (t) => {
  const nginx = await Nginx.start(t, scratch);
  for (const seed of [1, 2, 3, 4, 5]) {
    const random = new Random(seed);
    const { image, files } = await sizedFiles(400, random);
    const name = `files-${seed}.erofs`;
    symlinkSync(image, join(nginx.folder, name));
    // one of each twenty that are next to each other in size: as random as that, and never small ones alone
    const bySize = [...files].sort(([, one], [, other]) => one.size - other.size);
    const chosen = Array.from({ length: 20 }, (_, group) => bySize[20 * group + random.below(20)]!);

    const mounted = await mountCold(nginx.url(name), 'metadata');
    const paths = chosen.map(([file]) => join(mounted.mountpoint, file));
    const read = await run('sha256sum', paths);
    const digests = read.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]);
    t.same(
      digests,
      chosen.map(([, { digest }]) => digest),
    );
    const needed = chosen.reduce((sum, [, { size }]) => sum + size, 0);
    t.ok(await until(() => isListable(mounted, nginx.url(name))));
    await end(t, mounted);
    const ratio = bytesOf(nginx.requests(name)) / needed;
    t.ok(ratio > 1 && ratio <= SOME_FILES, `seed ${seed}: ${ratio.toFixed(2)} bytes were fetched for each`);
  }
});
