/** What a mount may cost over a long way: round trips that wait for each other, and bytes that nobody wanted. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { Nginx, type NginxRequest, withoutNginx } from '../support/nginx.js';
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
/** Bytes fetched for each that was needed, of a whole image. */
const WHOLE = 1.3;

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

async function end(t: Test, { mountpoint, unmountFromOutside }: Mounted): Promise<void> {
  await unmountFromOutside();
  t.same(await remains(mountpoint), [], 'nothing is left');
}

const bytesOf = (requests: readonly NginxRequest[]): number =>
  requests.reduce((sum, { bytes }) => sum + bytes, 0);

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

    const ahead = await mountCold(url, 'metadata');
    const isAllHere = async () =>
      (await erofs(['ls', '-R', '--offline', '--cache-dir', ahead.cache, url])).status === 0;
    t.ok(await until(isAllHere), 'the metadata comes by itself');
    proxy.take();
    const read = await run('cat', [join(ahead.mountpoint, 'sizes/text-100000')]);
    t.equal(read.stdout.length, 100_000);
    const { sequential, requests } = proxy.take();
    t.ok(sequential <= ONE_FILE, `a file of 100 KB: ${sequential} round trips of ${requests}`);
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
