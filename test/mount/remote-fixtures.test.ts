/**
 * Every fixture through a real web server and a mount: cold, warm and offline it shows what the manifest says; each chunk
 * crosses the network once, and none that is kept.
 */
import t, { type Test } from 'tap';
import { makeCertificates } from '../remote/certificates.js';
import { allFixtures, asCommandOptions, type Fixture, fixture } from '../support/fixture.js';
import { devFuseRoot, type FrontEnd, fuseNative } from '../support/front-end.js';
import { differences, fileDigests, type Manifest, parseListing, readManifest } from '../support/manifest.js';
import { mount, remains } from '../support/mounted.js';
import { Nginx, type NginxRequest, withoutNginx } from '../support/nginx.js';
import { manifestProgram } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { chunksTwice, filesOf, IDENTITY_RANGE, publish, remote } from '../support/remote-images.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

/** Fixtures at a time: a mount waits for processes to start and end more than it computes. */
const JOBS = 4;

const scratch = new Scratch(t);
const withoutServer = withoutNginx() || (noPython ?? false);

interface Way {
  readonly front: FrontEnd;
  readonly nginx: Nginx;
  readonly urlOf: (path: string) => string;
  readonly words?: readonly string[];
  /** what is compared of a manifest; all of it unless given */
  readonly compared?: (manifest: Manifest) => Manifest;
}

async function showsManifest(
  t: Test,
  { front, urlOf, words = [], compared = (manifest) => manifest }: Way,
  image: Fixture,
  state: string,
  stateWords: readonly string[],
): Promise<void> {
  const mounted = await mount(scratch, front, remote(image, urlOf, [...words, ...stateWords]));
  const seen = await observe<Manifest>(manifestProgram, [mounted.mountpoint], { user: front.user });
  const expected = compared(readManifest(image.manifest));
  t.same(differences(compared(seen), expected), [], `${state}: the tree equals the manifest`);
  await mounted.unmountFromOutside();
  t.same(
    await remains(mounted.mountpoint),
    [],
    `${state}: an outside umount leaves neither mount nor process`,
  );
}

/** Requests of one server for one file, in portions. */
class Requests {
  readonly #nginx: Nginx;
  readonly #file: string;
  #taken: number;

  constructor(nginx: Nginx, file: string) {
    this.#nginx = nginx;
    this.#file = file;
    this.#taken = nginx.requests(file).length;
  }

  /** Those since the last time. */
  take(): NginxRequest[] {
    const fresh = this.#nginx.requests(this.#file).slice(this.#taken);
    this.#taken += fresh.length;
    return fresh;
  }
}

/** How a fixture is seen without a network: a mount, or a listing with digests, which takes a third of the time. */
type Offline = (t: Test, way: Way, image: Fixture, words: readonly string[]) => Promise<void>;

const offlineMount: Offline = (t, way, image, words) => showsManifest(t, way, image, 'offline', words);

const offlineListing: Offline = async (t, { urlOf }, fixture, words) => {
  const { image, options = [] } = remote(fixture, urlOf);
  const said = await erofs(['ls', '-R', '--json', '--digest', ...words, ...asCommandOptions(options), image]);
  t.equal(said.status, 0, `offline: ${describeRun(said)}`);
  const found = differences(parseListing(said.stdout), readManifest(fixture.manifest));
  t.same(found, [], 'offline: the listing equals the manifest');
};

/** Returns the folder in which all of the fixture is kept then. */
async function coldWarmOffline(t: Test, way: Way, image: Fixture, seeOffline: Offline): Promise<string> {
  publish(image, way.nginx.folder);
  const cache = scratch.folder(way.front.user, 'cache');
  const words = ['--hedge-after', '0', '--cache-dir', cache];
  const logs = filesOf(image).map((file) => ({ file, requests: new Requests(way.nginx, file) }));

  await showsManifest(t, way, image, 'cold', words);
  for (const { file, requests } of logs) {
    const cold = requests.take();
    t.ok(cold.length > 0, `cold: ${file} was asked for`);
    t.same(
      cold.filter(({ status }) => status !== 206),
      [],
      `cold: ${file} in parts alone`,
    );
    t.same(chunksTwice(cold), [], `cold: ${file}, each chunk once`);
  }

  await showsManifest(t, way, image, 'warm', words);
  for (const { file, requests } of logs) {
    const ranges = requests.take().map(({ range }) => range);
    t.same(ranges, [IDENTITY_RANGE], `warm: ${file} is asked for one byte, to learn whether it is the same`);
  }

  await seeOffline(t, way, image, [...words, '--offline']);
  for (const { file, requests } of logs) t.same(requests.take(), [], `offline: ${file} is not asked for`);
  return cache;
}

/** Each takes eight processes: an ordinary run takes every twenty-fifth, and a quarter of those with devices or an offset. */
const chosen = allFixtures.filter(
  ({ options }, i) =>
    process.env.REMOTE_FIXTURES === 'all' || i % 25 === 0 || (options.length > 0 && i % 4 === 0),
);

t.test('HTTP/1.1, dev-fuse', { skip: withoutServer || (devFuseRoot.missing ?? false) }, async (t) => {
  const nginx = await Nginx.start(t, scratch);
  const way = { front: devFuseRoot, nginx, urlOf: (path: string) => nginx.url(path) };
  t.jobs = JOBS;
  t.ok(chosen.length > 3, 'there are fixtures');
  for (const image of chosen) {
    t.test(
      image.name,
      { buffered: true },
      async (t) => void (await coldWarmOffline(t, way, image, offlineListing)),
    );
  }
});

t.test('HTTP/2 over TLS, dev-fuse', { skip: withoutServer || (devFuseRoot.missing ?? false) }, async (t) => {
  const tls = makeCertificates(t, scratch);
  const nginx = await Nginx.start(t, scratch, { tls });
  const words = ['--ca', tls.caFile];
  const way = { front: devFuseRoot, nginx, urlOf: (path: string) => nginx.tlsUrl(path), words };
  const images = ['plain', 'blobdev'].map(fixture);
  const kept = new Map<Fixture, string>();
  for (const image of images) {
    kept.set(image, await coldWarmOffline(t, way, image, offlineMount));
    const protocols = new Set(nginx.requests(filesOf(image)[0]!).map(({ protocol }) => protocol));
    t.same([...protocols], ['HTTP/2.0'], image.name);
  }
  await nginx.stop();
  for (const [image, cache] of kept) {
    await showsManifest(t, way, image, `${image.name} without its server`, ['--cache-dir', cache]);
  }
});

t.test('HTTP/1.1, fuse-native', { skip: withoutServer || (fuseNative.missing ?? false) }, async (t) => {
  const nginx = await Nginx.start(t, scratch);
  // what else fuse-native shows is compared with local images
  const compared = (manifest: Manifest) =>
    Object.fromEntries(Object.entries(fileDigests(manifest)).map(([path, sha256]) => [path, { sha256 }]));
  const way = { front: fuseNative, nginx, urlOf: (path: string) => nginx.url(path), compared };
  for (const image of ['blobdev', 'wide-lz4hc-c64k-frag'].map(fixture)) {
    await coldWarmOffline(t, way, image, offlineMount);
  }
});
