import t from 'tap';
import { ChunkRing, RecentChunks } from '../../src/cache/recent-chunks.js';
import { SharedPlaces, sharedPlacesMemory } from '../../src/cache/shared-places.js';

const CHUNK = 8;

const ringOf = (count: number): ChunkRing => new ChunkRing(count * CHUNK, CHUNK);

/** Of a blob in a ring, and where other threads find its chunks. */
function blob(ring: ChunkRing): { readonly memory: RecentChunks; readonly shared: SharedPlaces } {
  const places = sharedPlacesMemory(ring.memory, { chunkSize: CHUNK, size: 100 * CHUNK });
  const shared = new SharedPlaces(CHUNK, places);
  return { memory: new RecentChunks(shared, ring), shared };
}

/** Puts a chunk there whose bytes are its number. */
function arrive(memory: RecentChunks, chunk: number, length = CHUNK) {
  const place = memory.take(length);
  place.bytes.fill(chunk);
  memory.set(chunk, place);
  place.release();
  return place;
}

/** The first byte of a chunk. */
function held(memory: Pick<RecentChunks, 'copy'>, chunk: number): number | undefined {
  const byte = new Uint8Array(1);
  return memory.copy(byte, chunk, 0) ? byte[0] : undefined;
}

t.test('the last chunks are here, in memory that is used again', async (t) => {
  const { memory } = blob(ringOf(4));
  const starts = new Set<number>();
  for (let chunk = 0; chunk < 100; chunk++) starts.add(arrive(memory, chunk).bytes.byteOffset);
  t.equal(starts.size, 4);
  t.same(
    [95, 96, 97, 98, 99].map((chunk) => held(memory, chunk)),
    [undefined, 96, 97, 98, 99],
  );
});

t.test('what is held stays, whatever comes', async (t) => {
  const { memory } = blob(ringOf(4));
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
  const { memory } = blob(ringOf(2));
  const holding = [1, 2, 3, 4].map((chunk) => {
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
  for (const place of holding) place?.release();
});

t.test('a chunk that comes anew has its new bytes, and who holds the old ones keeps them', async (t) => {
  const { memory } = blob(ringOf(4));
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
  memory.discard(1);
  t.notOk(memory.has(1));
});

t.test('the last chunk of a blob is shorter', async (t) => {
  const { memory } = blob(ringOf(1));
  t.equal(arrive(memory, 1, 3).bytes.length, 3);
  t.equal(arrive(memory, 2).bytes.length, CHUNK);
});

t.test('others see what is here, and nothing of what is not any more', async (t) => {
  const { memory, shared } = blob(ringOf(2));
  const other = new SharedPlaces(CHUNK, shared.memory);
  for (const chunk of [1, 2, 3]) arrive(memory, chunk);
  t.same(
    [1, 2, 3].map((chunk) => held(other, chunk)),
    [undefined, 2, 3],
  );
  const part = new Uint8Array(3);
  t.ok(other.copy(part, 3, CHUNK - 3));
  t.same([...part], [3, 3, 3]);
  other.discard(3);
  t.same([held(other, 3), held(memory, 3)], [undefined, 3], 'wrong bytes are wrong for who found it out');
  memory.discard(3);
  arrive(memory, 3);
  t.equal(held(other, 3), 3, 'and right again when they come anew');
  memory.discard(2);
  t.notOk(other.has(2));
});

t.test('blobs share a ring, and take places from each other', async (t) => {
  const ring = ringOf(4);
  const [one, two] = [blob(ring), blob(ring)];
  for (const chunk of [1, 2, 3]) arrive(one.memory, chunk);
  const place = one.memory.hold(2)!;
  for (const chunk of [1, 2, 5]) arrive(two.memory, chunk);
  t.same(
    [1, 2, 3].map((chunk) => held(one.memory, chunk)),
    [undefined, 2, undefined],
  );
  t.same(
    [1, 2, 5].map((chunk) => held(two.shared, chunk)),
    [1, 2, 5],
  );
  t.same(
    [1, 3].map((chunk) => held(one.shared, chunk)),
    [undefined, undefined],
    'other threads see it, too',
  );
  t.equal(held(one.shared, 2), 2);
  t.equal(one.memory.lent(place), place, 'one of four is held');
  const more = [1, 2].map((chunk) => two.memory.hold(chunk)!);
  t.equal(one.memory.lent(place), undefined, 'more than half of them are');
  for (const each of [place, ...more]) each.release();
  t.equal(ring.held, 0);
});
