/** Whatever becomes of the files, each chunk is right or absent, and can be put again. */
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { blobFolders } from '../../src/cache/cache-blobs.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { Content, chunkSize } from './chunk-store-content.js';

const scratch = new Scratch(t);
const content = new Content(70 * chunkSize + 100);
const all = [...Array(content.chunks).keys()];

/** Where a record of the first region stands: a header, a last use, a seal and one checksum each. */
const recordAt = (chunk: number) => 4096 + 4 + chunk * 8;

/** A cache directory with the whole blob, its files and their bytes. */
async function filled(): Promise<{ folder: string; index: string; data: string }> {
  const folder = scratch.folder();
  const store = content.open(folder);
  await content.fill(store);
  store.close();
  const [blob] = blobFolders(join(folder, 'blobs'));
  return { folder, index: join(blob!, 'index'), data: join(blob!, 'data') };
}

/** Chunks served after reopening; then puts all again and demands all. */
async function servedAndHealed(folder: string): Promise<number[]> {
  const store = content.open(folder);
  const served = content.served(store);
  await content.fill(store);
  const healed = content.served(store);
  store.close();
  if (healed.length !== content.chunks)
    throw new Error(`only ${healed.length} chunks are here after all were put`);
  return served;
}

t.test('a file that was cut off', async (t) => {
  const { folder, index, data } = await filled();
  for (const path of [index, data]) {
    const whole = readFileSync(path);
    const sizes = [0, 1, 57, 511, 4095, 4096, 4097, 4607, 5000, 8191, 8192, 8193, 8200, whole.length - 9];
    for (const size of [...sizes, whole.length - 8, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, size));
      const served = await servedAndHealed(folder);
      t.ok(served.length < content.chunks || path === index, `${path} of ${size} bytes`);
      if (path === data) t.equal(served.length, Math.floor(size / chunkSize));
    }
  }
  truncateSync(index, recordAt(20));
  t.same(await servedAndHealed(folder), all.slice(0, 20), 'the records that are left count');
});

t.test('a bit that flipped, anywhere in the data', async (t) => {
  const { folder, data } = await filled();
  const right = readFileSync(data);
  const wrongs: string[] = [];
  const random = new Random(1);
  for (let round = 0; round < 100; round++) {
    const position = random.below(right.length);
    const wrong = Buffer.from(right);
    wrong[position]! ^= 1 << random.below(8);
    writeFileSync(data, wrong);
    const chunk = Math.floor(position / chunkSize);
    const expected = all.filter((number) => number !== chunk);
    const served = await servedAndHealed(folder);
    if (`${served}` !== `${expected}`) wrongs.push(`byte ${position}: served are ${served}`);
  }
  t.same(wrongs, []);
});

t.test('a bit that flipped in a chunk of several blocks, read in parts', async (t) => {
  const large = 65_536;
  const folder = scratch.folder();
  const first = content.open(folder, { chunkSize: large });
  await content.fill(first, Array(Math.ceil(content.blob.size / large)).keys());
  first.close();
  const data = join(blobFolders(join(folder, 'blobs'))[0]!, 'data');
  const right = readFileSync(data);
  const random = new Random(4);
  let found = 0;
  for (let round = 0; round < 50; round++) {
    const position = random.below(right.length);
    const chunk = Math.floor(position / large);
    const wrong = Buffer.from(right);
    wrong[position]! ^= 1 << random.below(8);
    writeFileSync(data, wrong);
    const store = content.open(folder);
    for (let read = 0; read < 20; read++) {
      const offset = random.below(right.length);
      const dst = new Uint8Array(random.below(Math.min(20_000, right.length - offset)) + 1);
      if (!store.readSync(dst, offset)) continue;
      const isRight = Buffer.compare(dst, content.bytes.subarray(offset, offset + dst.length)) === 0;
      if (!isRight)
        t.fail(`byte ${position} is wrong, and ${dst.length} bytes from ${offset} on were served`);
    }
    const isDamaged = !store.readSync(new Uint8Array(1), position);
    if (isDamaged && !store.has(chunk * large, 1)) found++;
    writeFileSync(data, right);
    store.put(chunk, content.chunk(chunk, large));
    await store.flush();
    store.close();
  }
  t.equal(found, 50, 'each was found, and its chunk absent');
});

t.test('a bit that flipped, anywhere in the index', async (t) => {
  const { folder, index } = await filled();
  let absent = 0;
  const size = readFileSync(index).length;
  const random = new Random(2);
  for (let round = 0; round < 300; round++) {
    const wrong = readFileSync(index);
    // half of them in records that are there
    const position = round % 2 === 0 ? random.below(size) : recordAt(random.below(64)) + random.below(8);
    wrong[position]! ^= 1 << random.below(8);
    writeFileSync(index, wrong);
    const served = await servedAndHealed(folder);
    if (served.length < content.chunks) absent++;
  }
  t.ok(absent >= 150, `${absent} of 300 flips made chunks absent`);
});

t.test('an index of noise, and records of another blob', async (t) => {
  const { folder, index, data } = await filled();
  const other = await filled();
  const random = new Random(3);
  for (let round = 0; round < 20; round++) {
    const noise = readFileSync(index);
    noise.set(random.bytes(noise.length - 4096), 4096);
    writeFileSync(index, noise);
    t.same(await servedAndHealed(folder), []);
  }
  const mixed = Buffer.concat([
    readFileSync(index).subarray(0, 4096),
    readFileSync(other.index).subarray(4096),
  ]);
  writeFileSync(index, mixed);
  t.same(await servedAndHealed(folder), [], 'the generation is another');
  writeFileSync(index, random.bytes(statSync(index).size));
  t.same(await servedAndHealed(folder), []);
  writeFileSync(data, random.bytes(statSync(data).size));
  t.same(await servedAndHealed(folder), []);
});

t.test('a file that is missing', async (t) => {
  const { folder, index, data } = await filled();
  for (const path of [index, data]) {
    rmSync(path);
    t.same(await servedAndHealed(folder), [], path);
  }
});

t.test('an index that is cut off while it is open', async (t) => {
  const { folder, index } = await filled();
  const store = content.open(folder);
  t.same(content.served(store), all);
  truncateSync(index, recordAt(0));
  t.equal(store.has(0, content.blob.size), true, 'nobody has looked');
  await content.fill(store, [5]);
  t.equal(store.has(4 * chunkSize, 1), false);
  t.same(
    content.served(store),
    [5, ...all.slice(64)],
    'one region was looked at, the bytes of the other are right',
  );
  store.close();
});

t.test('while it is open: what was verified before is verified again', async (t) => {
  const { folder, data } = await filled();
  const [one, two] = [content.open(folder), content.open(folder)];
  t.same(content.served(one), all);
  const descriptor = openSync(data, 'r+');
  ftruncateSync(descriptor, 10 * chunkSize + 1);
  closeSync(descriptor);
  t.equal(one.has(10 * chunkSize, 1), true, 'nobody has looked');
  t.same(content.served(one), all.slice(0, 10));
  t.equal(one.has(10 * chunkSize, 1), false);
  t.equal(two.has(10 * chunkSize, 1), false, 'nor has anybody else');
  await content.fill(one);
  t.same(content.served(two), all);
  one.close();
  two.close();
});
