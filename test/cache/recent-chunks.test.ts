import t from 'tap';
import { RecentChunks } from '../../src/cache/recent-chunks.js';

const CHUNK = 8;

/** Puts a chunk there whose bytes are its number. */
function arrive(memory: RecentChunks, chunk: number, length = CHUNK) {
  const place = memory.take(length);
  place.bytes.fill(chunk);
  memory.set(chunk, place);
  place.release();
  return place;
}

const held = (memory: RecentChunks, chunk: number) => memory.get(chunk)?.[0];

t.test('the last chunks are here, in memory that is used again', async (t) => {
  const memory = new RecentChunks(4 * CHUNK, CHUNK);
  const buffers = new Set<unknown>();
  for (let chunk = 0; chunk < 100; chunk++) buffers.add(arrive(memory, chunk).bytes.buffer);
  t.equal(buffers.size, 4);
  t.same(
    [95, 96, 97, 98, 99].map((chunk) => held(memory, chunk)),
    [undefined, 96, 97, 98, 99],
  );
});

t.test('what is held stays, whatever comes', async (t) => {
  const memory = new RecentChunks(4 * CHUNK, CHUNK);
  arrive(memory, 1);
  const place = memory.hold(1)!;
  for (let chunk = 2; chunk < 50; chunk++) arrive(memory, chunk);
  t.equal(held(memory, 1), 1);
  t.same(place.bytes, new Uint8Array(CHUNK).fill(1));
  place.release();
  for (let chunk = 50; chunk < 60; chunk++) arrive(memory, chunk);
  t.notOk(memory.has(1));
  t.throws(() => place.release(), /once too often/);
});

t.test('where all is held there is more, as long as it is held', async (t) => {
  const memory = new RecentChunks(2 * CHUNK, CHUNK);
  const places = [1, 2, 3, 4].map((chunk) => {
    arrive(memory, chunk);
    return memory.hold(chunk);
  });
  t.same([held(memory, 1), held(memory, 2)], [1, 2]);
  t.notOk(memory.has(3), 'nobody held it when it had come');
  const extra = memory.take(CHUNK);
  extra.bytes.fill(5);
  memory.set(5, extra);
  t.equal(held(memory, 5), 5);
  extra.release();
  t.notOk(memory.has(5));
  for (const place of places) place?.release();
});

t.test('a chunk that comes anew has its new bytes, and who holds the old ones keeps them', async (t) => {
  const memory = new RecentChunks(4 * CHUNK, CHUNK);
  arrive(memory, 1);
  const old = memory.hold(1)!;
  const place = memory.take(CHUNK);
  place.bytes.fill(77);
  memory.set(1, place);
  place.release();
  t.equal(held(memory, 1), 77);
  t.equal(old.bytes[0], 1);
  old.release();
  t.equal(held(memory, 1), 77, 'letting go of the old one takes nothing');
  memory.delete(1);
  t.notOk(memory.has(1));
});

t.test('the last chunk of a blob is shorter', async (t) => {
  const memory = new RecentChunks(CHUNK, CHUNK);
  arrive(memory, 1, 3);
  t.equal(memory.get(1)!.length, 3);
  arrive(memory, 2);
  t.equal(memory.get(2)!.length, CHUNK);
});
