import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { resolvePath } from '../../src/commands/path.js';
import { prefetchPaths, readPathList } from '../../src/prefetch/paths.js';
import type { RemoteImage } from '../../src/prefetch/remote-image.js';
import { fixture } from '../support/fixture.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { expectedManifest } from '../support/opened.js';
import { Random } from '../support/random.js';
import { imageBytes } from '../support/superblock.js';
import { forbid, openGated } from './gated-remote.js';

const bytesOf = (path: string) => Buffer.from(path);

async function read(image: RemoteImage, path: string): Promise<Uint8Array> {
  const node = await resolvePath(image, bytesOf(path), true);
  const { size } = await image.run(() => image.tree.getattr(node));
  const content = new Uint8Array(size);
  await image.run(() => image.tree.read(node, 0, content));
  return content;
}

for (const name of ['plain', 'lz4-fragments', 'chunk4k']) {
  t.test(`${name}: the data of the files in the list is here afterwards`, async (t) => {
    const { blob, image, store } = await openGated(t, imageBytes(name));
    const problems: string[] = [];
    await prefetchPaths(image, ['data/text.bin', 'nope', 'names'].map(bytesOf), ({ message }) =>
      problems.push(message),
    );
    t.match(problems, [/nope/], 'a path that is not there is told, and the rest goes on');
    t.ok(blob.asked.every(({ options }) => options.background === true));
    t.equal(store.puts, store.chunks.size, 'no chunk twice');
    forbid(t, blob);
    const { size } = expectedManifest(fixture(name))['data/text.bin'] as { size: number };
    t.equal((await read(image, 'data/text.bin')).length, size);
    t.ok(await read(image, 'names/.hidden'), 'of a directory, all that is below it');
  });
}

t.test('in the order of the list', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'paths-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'image');
  const random = new Random(1);
  // each is more than a window
  const contents = { a: random.bytes(3 << 20), b: random.bytes(3 << 20), c: random.bytes(3 << 20) };
  writeImage({
    root: directory(Object.fromEntries(Object.entries(contents).map(([name, data]) => [name, file(data)]))),
  }).save(path);
  const bytes = readFileSync(path);
  const places = Object.values(contents).map((data) => bytes.indexOf(data.subarray(0, 64)));
  const { blob, image } = await openGated(t, bytes, { parallelAhead: 1 });
  await prefetchPaths(image, ['b', 'c', 'a'].map(bytesOf), (problem) => t.fail(problem.message));
  t.ok(places.every((place) => place > 0));
  const holderOf = (at: number) => places.findIndex((place) => at >= place && at < place + (3 << 20));
  const order = blob.asked.map(({ offset, length }) => holderOf(offset + length / 2)).filter((n) => n >= 0);
  t.same([...new Set(order)], [1, 2, 0]);
});

t.test('a list is a path a line, as bytes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'paths-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const list = join(folder, 'list');
  writeFileSync(list, Buffer.from('/a b\n\n#c\r\nd\xff', 'latin1'));
  t.strictSame(
    readPathList(list).map((path) => Buffer.from(path).toString('latin1')),
    ['/a b', '#c\r', 'd\xff'],
  );
  t.throws(() => readPathList(join(folder, 'none')), { code: 'ENOENT' });
});
