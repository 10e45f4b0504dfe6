/** A thread of the fuzzer whose first execution takes all memory. */
import { workerData } from 'node:worker_threads';
import { Progress } from '../../fuzz/progress.js';
import type { ThreadData } from '../../fuzz/thread.js';

new Progress((workerData as ThreadData).memory).begin('image plain 0+1=00');
const taken: number[][] = [];
for (;;) taken.push(Array.from({ length: 1 << 16 }, (_, i) => i + taken.length));
