/** One of the workers of verity.ts: reads its part of the data, verified, whenever it is told to. */
import { parentPort, workerData } from 'node:worker_threads';
import { openFileSource } from '../../src/cache/file-source.js';
import { type Part, readPieces, verifiedBy } from './verity-parts.js';

const { path, tree, start, end } = workerData as Part;
const source = verifiedBy(openFileSource(path), tree);
parentPort!.on('message', () => {
  readPieces(source, start, end);
  parentPort!.postMessage('done');
});
parentPort!.postMessage('ready');
