/** The real command, and a web server of one image that counts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FaultServer } from '../remote/fault-server.js';
import { fixture } from '../support/fixture.js';
import { proven } from '../support/proven-image.js';
import { Random } from '../support/random.js';
import { describeRun, type Ended, erofs } from '../support/run.js';
import { imageBytes } from '../support/superblock.js';

/** Larger than two pieces of a pull; the file system is at its beginning. */
const image = new Random(5).bytes(10 << 20);
image.set(imageBytes('plain'));

class Puller {
  readonly folder: string;
  readonly server: FaultServer;

  private constructor(folder: string, server: FaultServer) {
    this.folder = folder;
    this.server = server;
  }

  static async start(t: Test, blob: Uint8Array): Promise<Puller> {
    const folder = mkdtempSync(join(tmpdir(), 'pull-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    return new Puller(folder, await FaultServer.start(t, blob));
  }

  run(command: string, ...words: string[]): Promise<Ended> {
    const cache = ['--cache-dir', join(this.folder, 'cache')];
    return erofs([command, ...cache, this.server.url(), ...words]);
  }

  async pull(...words: string[]): Promise<{ bytes: number; fetched: number; seconds: number }> {
    const ended = await this.run('pull', '--json', ...words);
    if (ended.status !== 0) throw new Error(describeRun(ended));
    return JSON.parse(ended.stdout);
  }
}

/** Bytes that were asked for, of each request. */
const asked = ({ ranges }: FaultServer): number[] =>
  ranges.map((range) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range!)!;
    return Number(last) - Number(first) + 1;
  });

t.test('all of an image, once; then nothing, without a network too', async (t) => {
  const puller = await Puller.start(t, image);
  const pulled = await puller.pull();
  t.equal(pulled.bytes, image.length);
  t.equal(pulled.fetched, image.length, 'the answer that opened it counts');
  t.type(pulled.seconds, 'number');
  t.equal(
    asked(puller.server).reduce((sum, bytes) => sum + bytes, 0),
    image.length,
  );
  t.ok(puller.server.seen.length <= 5, `${puller.server.seen.length} requests`);
  puller.server.seen.length = 0;
  t.match(await puller.pull(), { bytes: image.length, fetched: 0 });
  t.ok(puller.server.seen.length <= 1, 'whether it is still the same one');
  await puller.server.stop();
  t.match(await puller.pull('--offline'), { fetched: 0 });
  const file = await puller.run('cat', '--offline', '/names/.hidden');
  t.equal(file.stdout, 'h\n', describeRun(file));
  const text = await puller.run('pull', '--offline');
  t.match(text.stdout, /^http:\S+: 10485760 bytes, 0 of them fetched in [0-9.]+ s\n$/);
});

t.test('one that ended early goes on', async (t) => {
  const puller = await Puller.start(t, image);
  // the first bytes, then a piece; after that the server says no
  puller.server.faults.push(undefined, undefined);
  puller.server.always = ({ response }) => response.writeHead(403).end();
  const ended = await puller.run('pull');
  t.equal(ended.status, 1, describeRun(ended));
  t.match(ended.stderr, /^erofs pull: [^\n]*403[^\n]*\n$/);
  puller.server.always = undefined;
  const before = asked(puller.server)[1]!;
  const { fetched } = await puller.pull();
  t.ok(fetched <= image.length - before, `${fetched} of ${image.length}, ${before} were here`);
  await puller.server.stop();
  t.match(await puller.pull('--offline'), { fetched: 0 });
});

t.test('it is checked as it comes', async (t) => {
  const { bytes, root, hashOffset } = proven(image);
  const proof = ['--verity-root', root, '--verity-offset', `${hashOffset}`];
  const puller = await Puller.start(t, bytes);
  t.equal((await puller.pull(...proof)).bytes, bytes.length);

  const damaged = bytes.slice();
  damaged[7 << 20]! ^= 1;
  const other = await Puller.start(t, damaged);
  const ended = await other.run('pull', ...proof);
  t.equal(ended.status, 1);
  t.match(ended.stderr, /^erofs pull: [^\n]*block 1792[^\n]*\n$/);
});

t.test('a part of it', async (t) => {
  const puller = await Puller.start(t, image);
  const { fetched } = await puller.pull('--prefetch', 'metadata');
  t.ok(fetched < image.length / 2, `${fetched} bytes`);
  const list = join(puller.folder, 'list');
  writeFileSync(list, '/data/text.bin\n/none\n');
  const ended = await puller.run('pull', '--prefetch-list', list);
  t.equal(ended.status, 1, 'a path that is not there');
  t.match(ended.stderr, /^erofs pull: \/none: [^\n]*\n$/);
  await puller.server.stop();
  const listing = await puller.run('ls', '--offline', '-lR');
  t.equal(listing.status, 0, describeRun(listing));
  const file = await puller.run('cat', '--offline', '/data/text.bin');
  t.equal(file.status, 0, describeRun(file));
  t.equal(file.stdout, (await erofs(['cat', fixture('plain').image, '/data/text.bin'])).stdout);
});

t.test('what cannot be pulled', async (t) => {
  const local = await erofs(['pull', fixture('plain').image]);
  t.equal(local.status, 1);
  t.match(local.stderr, /^erofs pull: the image is here;/);
  const puller = await Puller.start(t, image);
  const small = await puller.run('pull', '--cache-size', '1M');
  t.equal(small.status, 1);
  t.match(small.stderr, /all of it is 10485760 bytes, and the cache may take 1048576; give --cache-size/);
  t.equal(puller.server.seen.length, 1, 'nothing was begun');
  const never = await puller.run('pull', '--offline', '--cache-dir', join(puller.folder, 'other'));
  t.equal(never.status, 2, 'a cache that is given twice');
});
