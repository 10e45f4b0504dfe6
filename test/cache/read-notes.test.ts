import t from 'tap';
import { LazySource } from '../../src/cache/lazy-source.js';
import { ReadNotes } from '../../src/cache/read-notes.js';
import { GatedBlob } from '../support/gated-blob.js';
import { MemoryChunkStore } from '../support/memory-chunk-store.js';
import { Random } from '../support/random.js';

const CHUNK = 1024;

function taken(notes: ReadNotes): [number, number][] {
  const all: [number, number][] = [];
  notes.take((first, end) => all.push([first, end]));
  return all;
}

t.test('what one noted another is told, once and in order', async (t) => {
  const one = new ReadNotes();
  const other = new ReadNotes(one.memory);
  one.add(0, 2);
  one.add(0, 2);
  one.add(2, 4);
  t.same(
    taken(other),
    [
      [0, 2],
      [2, 4],
    ],
    'the same again is not noted',
  );
  t.same(taken(other), []);
  for (let chunk = 0; chunk < 1000; chunk++) one.add(chunk, chunk + 1);
  const last = taken(other);
  t.same(last[0], [936, 937], 'the last ones stay');
  t.same(last.at(-1), [999, 1000]);
});

t.test('who finds everything here is fetched ahead of all the same', async (t) => {
  const bytes = new Random(1).bytes(200 * CHUNK);
  const blob = new GatedBlob(bytes);
  blob.open = true;
  const store = new MemoryChunkStore(bytes.length, CHUNK);
  const limits = { readahead: 16 * CHUNK, readaheadAfter: 4 * CHUNK, longestFetch: 4 * CHUNK, memory: 1 };
  const fetching = new LazySource(blob, store, { connection: { blob }, ...limits });
  const reading = new LazySource({ ...blob, name: blob.name, shared: fetching.shared }, store, limits);
  t.teardown(() => fetching.close());
  const read = new Uint8Array(CHUNK);
  let missed = 0;
  for (let chunk = 0; chunk < 200; chunk++) {
    const at = chunk * CHUNK;
    if (reading.isHere(at, CHUNK) && reading.readSync(read, at)) {
      // what is fetched arrives beside the reading
      await new Promise(setImmediate);
      continue;
    }
    missed++;
    await fetching.read([{ offset: at, length: CHUNK }]);
    await new Promise(setImmediate);
  }
  t.ok(missed <= 8, `${missed} of 200 were waited for`);
});
