/** The program of a pump that finds nothing of its image: everything has to be asked elsewhere. */
import { parentPort, workerData } from 'node:worker_threads';
import { type PumpData, runPump } from '../../src/fuse/dev-fuse-pump.js';
import { RemoteError } from '../../src/remote/remote-blob.js';

await runPump(parentPort!, workerData as PumpData, ({ image }) =>
  Promise.reject(new RemoteError('offline', `${image}: nothing of it is here`)),
);
