/** The program of a pump's worker thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PumpData, runPump } from './dev-fuse-pump.js';
import { openAtOnce } from './image-opening.js';

void runPump(parentPort!, workerData as PumpData, openAtOnce);
