/** A thread that puts chunks into shared places without end: the bytes of each are its number. */
import { parentPort, workerData } from 'node:worker_threads';
import { ChunkRing, RecentChunks } from '../../src/cache/recent-chunks.js';
import { SharedPlaces } from '../../src/cache/shared-places.js';

const { memory, chunkSize, chunks } = workerData;
const recent = new RecentChunks(new SharedPlaces(chunkSize, memory), new ChunkRing(memory, chunkSize));
parentPort?.postMessage('writing');
for (let next = 0; ; next = (next + 1) % chunks) {
  const place = recent.take(chunkSize);
  place.bytes.fill(next);
  recent.set(next, place);
  place.release();
}
