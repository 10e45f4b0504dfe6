/** The library shows of an image what was put into it, and says what is wrong with how it is asked. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type NodeImage, openImage } from '../../src/index.js';
import { FaultServer } from '../remote/fault-server.js';
import { type Fixture, fixture, optionValues } from '../support/fixture.js';
import { writeImage } from '../support/image-writer.js';
import { hole } from '../support/image-writer-body.js';
import { directory, file } from '../support/image-writer-node.js';
import { expectedManifest } from '../support/opened.js';
import { Scratch } from '../support/scratch.js';
import { imageManifest, withoutHardLinks } from './image-manifest.js';

const scratch = new Scratch(t);

const optionsOf = ({ options }: Fixture) => ({
  offset: Number(optionValues(options, 'offset')[0] ?? 0),
  devices: optionValues(options, 'device'),
});

for (const name of ['plain', 'lz4-ztailpacking', 'wide-zstd-metabox', 'blobdev', 'offset8192']) {
  t.test(`all of ${name}`, async (t) => {
    const made = fixture(name);
    await using image = await openImage(made.image, { ...optionsOf(made), names: 'bytes' });
    t.same(await imageManifest(image), withoutHardLinks(expectedManifest(made)));
  });
}

const plain = fixture('plain').image;
const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error) => error.code,
  );

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

t.test('parts of a file', async (t) => {
  await using image = await openImage(plain);
  const whole = Buffer.from(await image.readFile('data/mixed.bin'));
  t.equal(whole.length, 90_000);
  t.ok(
    whole.some((byte) => byte !== whole[0]),
    'not all of it is alike',
  );
  const buffer = new Uint8Array(5000);
  t.equal(await image.read('/data/mixed.bin', buffer, 60_001), 5000);
  t.ok(whole.subarray(60_001, 65_001).equals(buffer));
  t.equal(await image.read('data/mixed.bin', buffer, 89_990), 10, 'only the end is short');
  t.equal(await image.read('data/mixed.bin', buffer, 100_000), 0);

  const part = await collect(image.createReadStream('data/mixed.bin', { start: 10, end: 70_000 }));
  t.ok(
    Buffer.concat(part).equals(whole.subarray(10, 70_001)),
    'as fs.createReadStream, end is the last byte',
  );
  t.equal((await collect(image.createReadStream('data/mixed.bin', { start: 90_000 }))).length, 0);
  t.equal(await code(image.read('data/mixed.bin', buffer, -1)), 'usage');
});

t.test('a stream of 2 TiB holds a few pieces', async (t) => {
  const path = scratch.file('huge.erofs');
  writeImage({ root: directory({ huge: file(hole(2 ** 41)) }) }).save(path);
  await using image = await openImage(path);
  const stream = image.createReadStream('huge');
  let taken = 0;
  for await (const piece of stream) {
    taken += piece.length;
    // what the stream reads meanwhile is held by it
    t.ok(stream.readableLength <= 2 << 20, `${stream.readableLength} bytes wait`);
    if (taken >= 8 << 20) break;
  }
  t.ok(stream.destroyed, 'who leaves the loop ends the stream');
});

t.test('links, stats and names', async (t) => {
  await using image = await openImage(plain);
  t.equal((await image.lstat('sym-short')).type, 'symlink');
  t.equal(await code(image.stat('sym-dangling')), 'no-such-path');
  t.equal(await code(image.stat('loop')), 'symlink-loop');
  t.equal(await code(image.readlink('data')), 'not-symlink');
  t.equal(await code(image.readFile('data')), 'is-directory');
  t.equal(await code(collect(image.readdir('data/text.bin'))), 'not-directory');
  t.equal(await code(collect(image.readdir('names'))), 'not-utf8');
  t.equal(await code(once(image.createReadStream('nowhere').resume(), 'end')), 'no-such-path');
  const names = (await collect(image.readdir('/data'))).map(({ name }) => name);
  t.same(names.slice(0, 2), ['all-hole.bin', 'mixed.bin']);
  const below = (await collect(image.walk('many'))).map(({ path }) => path);
  t.same(
    (await collect(image.readdir(Buffer.from('many')))).map(({ name }) => name),
    below.filter((path) => path !== '.' && !path.includes('/')),
  );
});

t.test('names that are no text', async (t) => {
  await using image = await openImage(plain, { names: 'bytes' });
  const found = (await collect(image.readdir('names'))).map(({ name }) => name);
  const odd = found.find((name) => Buffer.from(name).toString('latin1') === 'latin1-\xe9\xff');
  t.ok(odd, 'the very bytes');
  t.equal((await image.stat(Buffer.concat([Buffer.from('names/'), odd!]))).type, 'file');
});

t.test('a closed image', async (t) => {
  const image = await openImage(plain);
  const walk = image.walk('/', { problem: () => t.fail('there is nothing to go on with') });
  await walk.next();
  await image.close();
  await image.close();
  t.equal(await code(walk.next()), 'closed');
  for (const asked of [image.stat('data'), image.readFile('data/text.bin'), image.xattrs('data')]) {
    t.equal(await code(asked), 'closed');
  }
});

t.test('a damaged directory in a walk', async (t) => {
  const image = scratch.file('loop.erofs');
  writeImage({
    root: directory({ again: directory({}, { nid: 100 }), twice: directory({}, { nid: 100 }) }),
  }).save(image);
  await using opened: NodeImage = await openImage(image);
  const problems: string[] = [];
  const paths = await collect(
    opened.walk('', {
      problem: (path, error) => problems.push(`${path} ${(error as { code?: string }).code}`),
    }),
  );
  t.same(
    paths.map(({ path }) => path),
    ['.', 'again', 'twice'],
  );
  t.same(problems, ['twice directory-loop']);
  t.equal(await code(collect(opened.walk())), 'directory-loop');
});

t.test('over HTTP ranges, with settings', async (t) => {
  const made = fixture('lz4');
  const server = await FaultServer.start(t, readFileSync(made.image));
  await using image = await openImage(server.url(), { settings: { 'cache-dir': scratch.folder() } });
  const expected = createHash('sha256')
    .update(await image.readFile('data/text.bin'))
    .digest('hex');
  t.match(expectedManifest(made), { 'data/text.bin': { sha256: expected } });
  t.ok(
    server.ranges.some((range) => range !== undefined),
    'by ranges',
  );
});

t.test('settings that are wrong', async (t) => {
  t.equal(await code(openImage(plain, { settings: { 'no-such': true } })), 'usage');
  t.equal(await code(openImage(plain, { settings: { offline: 'yes' } })), 'usage');
  t.equal(await code(openImage(plain, { settings: { 'verity-root': true } })), 'usage');
  t.equal(await code(openImage(plain, { settings: { 'require-verity': true } })), 'unproven');
  t.equal(await code(openImage('/nowhere.erofs')), 'ENOENT');
});
