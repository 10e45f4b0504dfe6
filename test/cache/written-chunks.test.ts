import t from 'tap';
import { IndexLayout, sealOf } from '../../src/cache/chunk-index.js';
import { openChunkStore } from '../../src/cache/chunk-store.js';
import { WrittenChunks, writtenMemory } from '../../src/cache/written-chunks.js';
import { Scratch } from '../support/scratch.js';
import { Content, chunkSize } from './chunk-store-content.js';

const scratch = new Scratch(t);
const GENERATION = 7;
const layout = new IndexLayout({
  ...{ chunkSize: 65_536, size: 100 * 65_536, generation: GENERATION, digest: new Uint8Array(32), name: 'x' },
});

function recordOf(chunk: number, generation = GENERATION): Uint32Array {
  const record = Uint32Array.from({ length: layout.recordWords }, (_, word) => chunk * 100 + word);
  record[0] = sealOf(record, chunk, generation);
  return record;
}

t.test('a record is here for all that share the memory, from set() to clear()', async (t) => {
  const memory = writtenMemory(layout);
  const [one, other] = [0, 1].map(() => new WrittenChunks(layout, GENERATION, memory));
  const found = new Uint32Array(layout.recordWords);
  t.notOk(other!.take(5, found));
  one!.set(5, recordOf(5));
  t.ok(other!.take(5, found));
  t.same(found, recordOf(5));
  for (const chunk of [4, 6]) t.notOk(other!.take(chunk, found));
  one!.clear(5);
  t.notOk(other!.take(5, found));
});

t.test('one that is half written, or of other files, is none', async (t) => {
  const memory = writtenMemory(layout);
  const written = new WrittenChunks(layout, GENERATION, memory);
  const found = new Uint32Array(layout.recordWords);
  written.set(5, recordOf(5));
  const words = new Uint32Array(memory);
  words[5 * layout.recordWords + 2]! ^= 1;
  t.notOk(written.take(5, found));
  written.set(6, recordOf(6, GENERATION + 1));
  t.notOk(written.take(6, found));
  t.equal(found[0], 0);
});

t.test('of a store, another one in the process has what is not durable yet, and nobody else', async (t) => {
  const content = new Content(20 * chunkSize);
  const folder = scratch.folder();
  const open = (written?: SharedArrayBuffer) =>
    openChunkStore(
      folder,
      { ...content.blob, shared: { written } },
      { chunkSize, budget: 2 ** 30, readOnly: true },
    );
  const one = content.open(folder);
  const [sharing, apart] = [open(one.written), open()];
  one.put(3, content.chunk(3));
  const read = new Uint8Array(chunkSize);
  const at = 3 * chunkSize;
  t.ok(sharing.has(at, 1));
  t.ok(sharing.readSync(read, at));
  t.same(read, content.chunk(3));
  t.notOk(apart.has(at, 1));
  t.notOk(apart.readSync(read, at));
  await one.flush();
  for (const store of [sharing, apart]) {
    t.ok(store.has(at, 1));
    t.ok(store.readSync(read, at));
    store.close();
  }
  one.close();
});
