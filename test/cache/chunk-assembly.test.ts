import t from 'tap';
import { ChunkAssembly } from '../../src/cache/chunk-assembly.js';
import { ChunkRing, RecentChunks } from '../../src/cache/recent-chunks.js';
import { SharedPlaces, sharedPlacesMemory } from '../../src/cache/shared-places.js';
import { Random } from '../support/random.js';

const CHUNK = 64;
const bytes = new Random(2).bytes(10 * CHUNK + 7);
const places = { chunkSize: CHUNK, size: bytes.length };

function assembly(isWanted = (_chunk: number) => true) {
  const whole = new Map<number, Uint8Array>();
  const ring = new ChunkRing(CHUNK, CHUNK);
  const memory = new RecentChunks(new SharedPlaces(CHUNK, sharedPlacesMemory(ring.memory, places)), ring);
  const made = new ChunkAssembly(places, {
    isWanted,
    take: (length) => memory.take(length),
    complete: (chunk, { bytes: got }) => {
      if (whole.has(chunk)) throw new Error(`chunk ${chunk} twice`);
      whole.set(chunk, got.slice());
    },
  });
  return { whole, made, memory };
}

const add = (made: ChunkAssembly, from: number, to: number) => {
  const lent = bytes.slice(from, to);
  made.add(from, lent);
  lent.fill(0);
};
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
  const { made, memory } = assembly();
  const [only] = [memory.take(CHUNK)];
  only!.release();
  const isFree = () => !only!.isHeld;
  add(made, 0, CHUNK + 10);
  t.notOk(isFree(), 'a chunk that is begun');
  add(made, CHUNK + 10, 2 * CHUNK);
  t.ok(isFree(), 'a whole one');
  add(made, 2 * CHUNK, 2 * CHUNK + 10);
  add(made, 2 * CHUNK + 11, 3 * CHUNK);
  t.ok(isFree(), 'one with a hole');
  add(made, 3 * CHUNK, 3 * CHUNK + 10);
  made.end();
  t.ok(isFree(), 'one whose rest does not come');
});
