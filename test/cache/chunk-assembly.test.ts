import t from 'tap';
import { ChunkAssembly } from '../../src/cache/chunk-assembly.js';
import { ChunkRing, type Place, RecentChunks } from '../../src/cache/recent-chunks.js';
import { SharedPlaces, sharedPlacesMemory } from '../../src/cache/shared-places.js';
import type { Landing } from '../../src/remote/remote-blob.js';
import { Random } from '../support/random.js';

const CHUNK = 64;
const bytes = new Random(2).bytes(10 * CHUNK + 7);
const places = { chunkSize: CHUNK, size: bytes.length };

function assembly(isWanted = (_chunk: number) => true, count = 1) {
  const whole = new Map<number, Uint8Array>();
  /** where they lie */
  const lying = new Map<number, Place>();
  const ring = new ChunkRing(count * CHUNK, CHUNK);
  const memory = new RecentChunks(new SharedPlaces(CHUNK, sharedPlacesMemory(ring.memory, places)), ring);
  const made = new ChunkAssembly(places, {
    isWanted,
    take: (length) => memory.take(length),
    complete: (chunk, place) => {
      if (whole.has(chunk)) throw new Error(`chunk ${chunk} twice`);
      whole.set(chunk, place.bytes.slice());
      lying.set(chunk, place.hold());
    },
  });
  return { whole, lying, made, memory, ring };
}

const add = (made: ChunkAssembly, from: number, to: number) => {
  const lent = bytes.slice(from, to);
  made.add(from, lent);
  lent.fill(0);
};
/** As a socket does: what comes from `from` to `to` is read into what the landing gives for it, in pieces of `most` bytes. */
function read(
  made: ChunkAssembly,
  landing: Landing,
  from: number,
  to: number,
  most = 4 * CHUNK,
): Uint8Array[] {
  const rooms: Uint8Array[] = [];
  for (let at = from; at < to; ) {
    const room = landing.room(at, new Uint8Array(Math.min(most, to - at)));
    rooms.push(room);
    room.set(bytes.subarray(at, at + room.length));
    made.add(at, room);
    at += room.length;
  }
  return rooms;
}

const expected = (chunk: number) => bytes.slice(chunk * CHUNK, (chunk + 1) * CHUNK);

t.test('pieces of any length become the chunks, the last one shorter', async (t) => {
  const random = new Random(9);
  const { whole, made } = assembly();
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + 1 + random.below(150));
    add(made, at, end);
    at = end;
  }
  t.equal(whole.size, 11);
  for (const [chunk, got] of whole) t.strictSame(got, expected(chunk));
});

t.test('a chunk that lacks its beginning or has a hole is none', async (t) => {
  const { whole, made } = assembly();
  add(made, 10, 2 * CHUNK + 5);
  add(made, 2 * CHUNK + 6, 4 * CHUNK);
  t.same([...whole.keys()], [1, 3]);
});

t.test('what came before may come again', async (t) => {
  const { whole, made } = assembly();
  add(made, 0, 40);
  add(made, 20, 50);
  add(made, 0, 10);
  add(made, 30, 2 * CHUNK);
  t.same([...whole.keys()], [0, 1]);
  t.strictSame(whole.get(0), expected(0));
});

t.test('only what is wanted is put together', async (t) => {
  const { whole, made } = assembly((chunk) => chunk === 2);
  add(made, 0, bytes.length);
  t.same([...whole.keys()], [2]);
});

t.test('memory is let go of with the chunk, whole or not', async (t) => {
  const { made, memory, lying } = assembly();
  const [only] = [memory.take(CHUNK)];
  only!.release();
  const isFree = () => !only!.isHeld;
  add(made, 0, CHUNK + 10);
  t.notOk(isFree(), 'a chunk that is begun');
  for (const place of lying.values()) place.release();
  lying.clear();
  add(made, CHUNK + 10, 2 * CHUNK);
  for (const place of lying.values()) place.release();
  t.ok(isFree(), 'a whole one');
  add(made, 2 * CHUNK, 2 * CHUNK + 10);
  add(made, 2 * CHUNK + 11, 3 * CHUNK);
  t.ok(isFree(), 'one with a hole');
  add(made, 3 * CHUNK, 3 * CHUNK + 10);
  made.end();
  t.ok(isFree(), 'one whose rest does not come');
});

t.test('what was read into places stays there: several at once, where they are neighbours', async (t) => {
  for (const most of [4 * CHUNK, CHUNK, 50, 1]) {
    const { whole, lying, made, ring } = assembly(undefined, 16);
    const landing = made.landing();
    const rooms = read(made, landing, 0, bytes.length, most);
    t.equal(whole.size, 11, `${most} bytes at a time`);
    for (const [chunk, got] of whole) t.strictSame(got, expected(chunk));
    for (const { buffer } of rooms) t.equal(buffer, ring.memory.bytes);
    if (most === 4 * CHUNK)
      t.same(
        rooms.map(({ length }) => length),
        [4 * CHUNK, 4 * CHUNK, 2 * CHUNK + 7],
      );
    landing.left();
    made.end();
    for (const place of lying.values()) place.release();
    t.equal(ring.held, 0);
  }
});

t.test('nothing is read behind what is asked for, and nothing unwanted into a place', async (t) => {
  const { whole, made, ring } = assembly((chunk) => chunk !== 3, 16);
  const landing = made.landing();
  add(made, CHUNK, CHUNK + 10);
  const lengths = read(made, landing, CHUNK + 10, 5 * CHUNK + 9).map(({ length }) => length);
  t.same(
    lengths,
    [CHUNK - 10, CHUNK, CHUNK, CHUNK + 9],
    'up to the next chunk, to the unwanted one, it, the rest',
  );
  t.same([...whole.keys()], [1, 2, 4]);
  for (const [chunk, got] of whole) t.strictSame(got, expected(chunk));
  landing.left();
  made.end();
  t.equal(ring.held, whole.size);
});

t.test(
  'a second answer gets ahead of one that is read into a place, which goes on writing to it',
  async (t) => {
    const { whole, lying, made, ring } = assembly(undefined, 16);
    const [slow, fast] = [made.landing(), made.landing()];
    read(made, slow, 0, 20);
    const late = slow.room(20, new Uint8Array(2 * CHUNK - 20));
    read(made, fast, 20, 3 * CHUNK, 30);
    t.same([...whole.keys()], [0, 1, 2]);
    late.fill(0xee);
    for (const [chunk, place] of lying)
      t.strictSame(place.bytes, expected(chunk), `chunk ${chunk} is as it came`);
    for (const landing of [slow, fast]) landing.left();
    made.end();
    for (const place of lying.values()) place.release();
    t.equal(ring.held, 0);
  },
);
