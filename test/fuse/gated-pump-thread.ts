/** The program of a pump whose image is kept in chunks: what is not there has to be waited for, elsewhere. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PumpData, runPump } from '../../src/fuse/dev-fuse-pump.js';
import { openKept } from './gated-image.js';

await runPump(parentPort!, workerData as PumpData, (spec, report) => openKept(spec.image, undefined, report));
