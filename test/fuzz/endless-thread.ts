/** A thread of the fuzzer whose first execution never ends. */
import { workerData } from 'node:worker_threads';
import { Progress } from '../../fuzz/progress.js';
import type { ThreadData } from '../../fuzz/thread.js';

new Progress((workerData as ThreadData).memory).begin('image plain 0+1=00');
for (;;);
