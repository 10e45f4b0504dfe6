/** What all blobs take stays within the budget; what goes is what was used least recently and is not pinned. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { roomOfAll } from '../../src/cache/cache-blobs.js';
import { makeRoom } from '../../src/cache/chunk-eviction.js';
import { openFiles } from '../../src/cache/chunk-files.js';
import { blobKey, REGION_CHUNKS } from '../../src/cache/chunk-index.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { isRoot } from '../support/user.js';
import { Content, chunkSize } from './chunk-store-content.js';

const scratch = new Scratch(t);
const regionSize = REGION_CHUNKS * chunkSize;
const content = new Content(16 * regionSize, 'large');

/** Says when the regions of a blob were last used, in seconds since 1970 + `since`. */
function setLastUses(folder: string, uses: readonly number[], since = 1): void {
  const files = openFiles(folder, false)!;
  uses.forEach((seconds, region) => {
    writeSync(files.index, Uint32Array.of(since + seconds), 0, 4, files.layout.useAt(region));
  });
  files.close();
}

const regionsOf = (chunks: readonly number[]) => [
  ...new Set(chunks.map((n) => Math.floor(n / REGION_CHUNKS))),
];
const folderOf = (directory: string, { blob } = content) => join(directory, 'blobs', blobKey(blob.id));

t.test('a blob larger than the budget', async (t) => {
  const folder = scratch.folder();
  const budget = 6 * regionSize;
  const store = content.open(folder, { budget });
  for (let number = 0; number < content.chunks; number++) {
    store.put(number, content.chunk(number));
    await store.flush();
    const room = roomOfAll(join(folder, 'blobs'));
    if (room > budget) t.fail(`after chunk ${number} the cache takes ${room} bytes`);
  }
  const served = content.served(store);
  t.ok(served.length * chunkSize > budget / 2, `${served.length} chunks are here`);
  t.equal(served.at(-1), content.chunks - 1, 'the last one is');
  store.close();
});

t.test('without waiting, the budget holds as well', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder, { budget: 3 * regionSize });
  for (let number = 0; number < content.chunks; number++) store.put(number, content.chunk(number));
  const index = 32 * 1024;
  t.ok(
    roomOfAll(join(folder, 'blobs')) <= 3 * regionSize + index,
    'but for the index, which is counted later',
  );
  t.ok(content.served(store).length < 3 * REGION_CHUNKS);
  await store.flush();
  t.ok(roomOfAll(join(folder, 'blobs')) <= 3 * regionSize);
  store.close();
});

t.test('least recently used regions go first, of whichever blob', async (t) => {
  const folder = scratch.folder();
  const blobs = join(folder, 'blobs');
  const small = new Content(3 * regionSize, 'small');
  const [large, little] = [content.open(folder), small.open(folder)];
  await content.fill(large);
  await small.fill(little);
  setLastUses(folderOf(folder, content), [...Array(16).keys()].reverse(), 100);
  setLastUses(folderOf(folder, small), [1000, 1, 2]);
  const freed = await makeRoom(blobs, 5 * regionSize);
  t.ok(freed >= 5 * regionSize && freed < 5.1 * regionSize, `${freed} bytes were freed`);
  t.same(regionsOf(content.served(large)), [...Array(13).keys()], 'three of the large one');
  t.same(regionsOf(small.served(little)), [0], 'two of the small one');
  large.close();
  little.close();
});

t.test('a chunk that is read was used', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder);
  await content.fill(store);
  store.close();
  setLastUses(folderOf(folder), [...Array(16).keys()]);
  const reader = content.open(folder);
  t.equal(reader.readSync(new Uint8Array(1), 3 * regionSize), true);
  t.equal(reader.readSync(new Uint8Array(2 * chunkSize), 5 * regionSize - chunkSize), true);
  await makeRoom(join(folder, 'blobs'), 5 * regionSize);
  t.same(regionsOf(content.served(reader)), [3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15]);
  reader.close();
});

t.test('pinned chunks stay, and what else there is goes', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder);
  await content.fill(store);
  setLastUses(folderOf(folder), [...Array(16).keys()]);
  store.pin(0);
  store.pin(0);
  store.pin(2 * REGION_CHUNKS + 5);
  await makeRoom(join(folder, 'blobs'), 14 * regionSize);
  t.same(regionsOf(content.served(store)), [0, 2]);
  t.equal(await makeRoom(join(folder, 'blobs'), 1), 0);
  store.unpin(0);
  t.equal(await makeRoom(join(folder, 'blobs'), 1), 0, 'it was pinned twice');
  store.unpin(0);
  await makeRoom(join(folder, 'blobs'), 1);
  t.same(regionsOf(content.served(store)), [2]);
  store.unpin(2 * REGION_CHUNKS + 5);
  store.close();
});

t.test('where all is pinned nothing is kept, and again when it is not', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder, { budget: 2 * regionSize });
  const some = [...Array(2 * REGION_CHUNKS).keys()];
  for (const number of some) store.pin(number);
  await content.fill(store, some);
  const kept = content.served(store).length;
  t.ok(kept > REGION_CHUNKS && kept < some.length, `${kept} were kept`);
  for (const number of some) store.unpin(number);
  const more = [...Array(REGION_CHUNKS).keys()].map((n) => 8 * REGION_CHUNKS + n);
  const isKept = (number: number) => {
    store.put(number, content.chunk(number));
    return store.has(number * chunkSize, 1);
  };
  for (const number of more) if (!(await until(() => isKept(number)))) t.fail(`${number} is never kept`);
  t.same(content.served(store).slice(-more.length), more);
  store.close();
});

t.test('who has a region in memory when it is evicted sees that it is gone', async (t) => {
  const folder = scratch.folder();
  const [one, two] = [content.open(folder), content.open(folder)];
  await content.fill(one);
  t.equal(content.served(two).length, content.chunks);
  await makeRoom(join(folder, 'blobs'), 16 * regionSize);
  t.equal(two.has(0, content.blob.size), true, 'it has not looked');
  t.same(content.served(two), []);
  t.equal(two.has(0, 1), false);
  await content.fill(one);
  t.equal(content.served(two).length, content.chunks);
  one.close();
  two.close();
});

t.test('what a crash left without a record is given back', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder);
  await content.fill(store, [0]);
  store.close();
  const data = openSync(join(folderOf(folder), 'data'), 'r+');
  const lost = 20 * 2 ** 20;
  writeSync(data, new Uint8Array(lost).fill(1), 0, lost, regionSize);
  closeSync(data);
  t.ok((await makeRoom(join(folder, 'blobs'), 1)) >= 15 * regionSize);
  const again = content.open(folder);
  t.same(content.served(again), [0]);
  again.close();
});

t.test('where no hole can be punched the whole file goes', { skip: !isRoot && 'needs root' }, async (t) => {
  const folder = scratch.folder();
  spawnSync('mount', ['-t', 'ramfs', 'none', folder]);
  const store = content.open(folder);
  const small = new Content(2 * regionSize, 'small');
  const other = small.open(folder);
  await small.fill(other);
  await content.fill(store);
  const large = folderOf(folder);
  setLastUses(large, [...Array(16).keys()]);
  store.pin(3);
  t.equal(await makeRoom(join(folder, 'blobs'), regionSize), 0, 'not while a chunk of it is pinned');
  store.unpin(3);
  await content.fill(store);
  setLastUses(large, [...Array(16).keys()]);
  t.ok((await makeRoom(join(folder, 'blobs'), regionSize)) >= content.blob.size);
  t.same(content.served(store), []);
  t.equal(small.served(other).length, small.chunks);
  store.close();
  other.close();
  t.same(readdirSync(join(folder, 'blobs')).length, 2);
});
