import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { blobFolders } from '../../src/cache/cache-blobs.js';
import { removeBlob } from '../../src/cache/chunk-files.js';
import { openChunkStore } from '../../src/cache/chunk-store.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { Content, chunkSize } from './chunk-store-content.js';

const scratch = new Scratch(t);
const content = new Content(100 * chunkSize + 77);

t.test('what was put is here, and nothing else', async (t) => {
  const store = content.open(scratch.folder());
  t.equal(store.has(0, 1), false);
  t.equal(store.readSync(new Uint8Array(10), 0), false);
  await content.fill(store, [3, 4, 100]);
  t.same(content.served(store), [3, 4, 100]);
  t.equal(store.has(3 * chunkSize, 2 * chunkSize), true);
  t.equal(store.has(3 * chunkSize - 1, 2), false);
  t.equal(store.has(5 * chunkSize - 1, 2), false);
  t.equal(store.has(100 * chunkSize, chunkSize), true, 'a range may go beyond the end');
  t.equal(store.readSync(new Uint8Array(0), 0), true);
  t.equal(store.readSync(new Uint8Array(2), content.blob.size - 1), false, 'a read may not');
  store.close();
});

t.test('a range of any place and length has its bytes', async (t) => {
  for (const size of [4096, 65_536, 2 ** 22]) {
    const store = content.open(scratch.folder(), { chunkSize: size });
    await content.fill(store, Array(Math.ceil(content.blob.size / size)).keys());
    t.equal(store.has(0, content.blob.size), true);
    const random = new Random(size);
    for (let round = 0; round < 300; round++) {
      const offset = random.below(content.blob.size);
      const read = new Uint8Array(random.below(content.blob.size - offset) + 1);
      if (!store.readSync(read, offset)) t.fail(`${read.length} bytes from ${offset} on are not here`);
      const expected = content.bytes.subarray(offset, offset + read.length);
      if (Buffer.compare(read, expected) !== 0) t.fail(`${read.length} bytes from ${offset} on are wrong`);
    }
    store.close();
  }
});

t.test('it outlives its closing, also where nobody waited', async (t) => {
  const folder = scratch.folder();
  const first = content.open(folder);
  for (const number of [0, 50, 99]) first.put(number, content.chunk(number));
  first.close();
  t.equal(first.has(0, 1), false, 'a closed store has nothing');
  const again = content.open(folder, { chunkSize: 65_536 });
  t.equal(again.chunkSize, chunkSize, 'and keeps its chunk size');
  t.same(content.served(again), [0, 50, 99]);
  again.close();
});

t.test('one store is seen by another at once, and blobs by themselves', async (t) => {
  const folder = scratch.folder();
  const [one, two] = [content.open(folder), content.open(folder)];
  const other = new Content(content.blob.size, 'other').open(folder);
  t.equal(two.has(0, 1), false);
  await content.fill(one, [0]);
  t.same(content.served(two), [0]);
  t.equal(other.has(0, 1), false);
  t.equal(blobFolders(join(folder, 'blobs')).length, 2);
  for (const store of [one, two, other]) store.close();
});

t.test('a chunk that is put with other bytes has those, for everybody', async (t) => {
  const folder = scratch.folder();
  const [one, two] = [content.open(folder), content.open(folder)];
  await content.fill(one, [7]);
  t.same(content.served(two), [7]);
  const other = content.chunk(8).slice();
  one.put(7, other);
  const early = new Uint8Array(chunkSize);
  t.equal(one.readSync(early, 7 * chunkSize), true, 'for who wrote it before it is durable');
  t.same(early, other);
  t.equal(content.open(folder).has(7 * chunkSize, 1), false, 'for others not');
  await one.flush();
  for (const store of [one, two]) {
    const read = new Uint8Array(chunkSize);
    t.equal(store.readSync(read, 7 * chunkSize), true);
    t.same(read, other);
    store.close();
  }
});

t.test('put twice before it is durable, the second counts', async (t) => {
  const store = content.open(scratch.folder());
  store.put(7, content.chunk(8));
  const flushed = store.flush();
  store.put(7, content.chunk(7));
  await flushed;
  await store.flush();
  t.same(content.served(store), [7]);
  store.close();
});

t.test('what is kept already is not written again', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder);
  await content.fill(store, [7]);
  const data = join(blobFolders(join(folder, 'blobs'))[0]!, 'data');
  utimesSync(data, 1, 1);
  await content.fill(store, [7]);
  t.equal(statSync(data).mtimeMs, 1000);
  await content.fill(store, [8]);
  t.not(statSync(data).mtimeMs, 1000);
  store.close();
});

t.test('read only, nothing is made or kept', async (t) => {
  const folder = scratch.folder();
  const early = content.open(folder, { readOnly: true });
  early.put(0, content.chunk(0));
  await early.flush();
  t.same(readdirSync(folder), []);
  const writer = content.open(folder);
  await content.fill(writer, [0]);
  const late = content.open(folder, { readOnly: true });
  late.put(1, content.chunk(1));
  await late.flush();
  t.same(content.served(late), [0]);
  t.ok(await until(() => early.has(0, 1)), 'one that was opened before there was anything finds it');
  for (const store of [early, writer, late]) store.close();
});

t.test('a blob that is removed while it is open is made anew', async (t) => {
  const folder = scratch.folder();
  const [one, two] = [content.open(folder), content.open(folder)];
  await content.fill(one, [0, 1]);
  t.same(content.served(two), [0, 1]);
  removeBlob(blobFolders(join(folder, 'blobs'))[0]!);
  t.same(content.served(two), [], 'what was known is gone');
  await one.flush();
  await content.fill(one, [2]);
  t.same(content.served(one), [2]);
  t.ok(await until(() => content.served(two).length === 1), 'the other finds it');
  rmSync(join(folder, 'blobs'), { recursive: true });
  await one.flush();
  await content.fill(one, [3]);
  t.same(content.served(one), [3], 'also where everything was removed by hand');
  for (const store of [one, two]) store.close();
});

t.test('one that was made anew in other chunks is not used by who knows the old ones', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder);
  await content.fill(store);
  removeBlob(blobFolders(join(folder, 'blobs'))[0]!);
  const other = content.open(folder, { chunkSize: 65_536 });
  await content.fill(other, [0]);
  await store.flush();
  await content.fill(store, [1]);
  t.same(content.served(store), []);
  t.equal(store.chunkSize, chunkSize);
  t.equal(other.has(0, 65_536), true);
  for (const each of [store, other]) each.close();
});

t.test('other bytes than a chunk, and other sizes than those of chunks, are refused', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder);
  for (const [number, bytes] of [
    [0, 4095],
    [0, 4097],
    [100, 4096],
    [101, 0],
    [-1, 4096],
  ] as const) {
    t.throws(() => store.put(number, new Uint8Array(bytes)), RangeError, `${bytes} bytes of chunk ${number}`);
  }
  store.close();
  for (const size of [0, 2048, 4095, 5000, 2 ** 23]) {
    t.throws(() => content.open(folder, { chunkSize: size }), RangeError, `chunks of ${size}`);
  }
});

t.test('a directory that cannot be used is reported once, and keeps nothing', async (t) => {
  const problems: Error[] = [];
  const file = scratch.file('no-directory', '');
  const report = (problem: Error) => problems.push(problem);
  const store = content.open(file, { report });
  await content.fill(store, [0, 1]);
  t.same(content.served(store), []);
  t.equal(problems.length, 1);
  t.match(problems[0], {
    code: 'cache-failing',
    message: /^content is read without being kept: .*--cache-dir/,
  });
  store.close();
  t.equal(existsSync(`${file}/blobs`), false);
});

t.test('names and ids of any length', async (t) => {
  const folder = scratch.folder();
  const name = 'ü'.repeat(5000);
  const blob = { id: `${name} 1`, name, size: chunkSize };
  const store = openChunkStore(folder, blob, { chunkSize, budget: 2 ** 30 });
  store.put(0, content.chunk(0));
  store.close();
  const index = readFileSync(join(blobFolders(join(folder, 'blobs'))[0]!, 'index'), 'utf8');
  t.match(index, /ü{1000}/);
});
