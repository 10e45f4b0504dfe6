import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { ringMemory, SharedPlaces, sharedPlacesMemory } from '../../src/cache/shared-places.js';

const CHUNK = 32 * 1024;
const PLACES = 2;
const CHUNKS = 64;
const COPIES = 3000;

t.test('memory for writes past the page cache begins at a page', async (t) => {
  const { bytes, count } = ringMemory(3, 4096);
  t.equal(count, 3);
  t.equal(bytes.byteLength % 65_536, 0, 'as memory of WebAssembly does');
});

t.test('whoever copies while places are given to other chunks gets whole chunks, or nothing', async (t) => {
  const memory = sharedPlacesMemory(ringMemory(PLACES, CHUNK), { chunkSize: CHUNK, size: CHUNKS * CHUNK });
  const other = new Worker(new URL('./shared-places-writer.js', import.meta.url), {
    workerData: { memory, chunkSize: CHUNK, chunks: CHUNKS },
  });
  const places = new SharedPlaces(CHUNK, memory);
  await once(other, 'message');
  const copied = new Uint8Array(CHUNK);
  let whole = 0;
  let mixed = 0;
  for (let tries = 0; whole < COPIES; tries++) {
    const chunk = tries % CHUNKS;
    if (!places.copy(copied, chunk, 0)) continue;
    whole++;
    if (copied.some((byte) => byte !== chunk)) mixed++;
  }
  await other.terminate();
  t.equal(mixed, 0);
});
