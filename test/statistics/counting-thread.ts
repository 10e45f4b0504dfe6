/** A thread that counts so many READs of 7 bytes, and one failure. */
import { workerData } from 'node:worker_threads';
import { READ } from '../../src/fuse/protocol.js';
import { Count, counters } from '../../src/statistics/counters.js';

const { memory, times } = workerData as { memory: SharedArrayBuffer; times: number };
counters.join(memory);
for (let i = 0; i < times; i++) {
  counters.answered(READ);
  counters.add(Count.bytesRead, 7);
}
counters.failed(READ);
