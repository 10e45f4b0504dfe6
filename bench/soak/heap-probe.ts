/** Loaded into the server by NODE_OPTIONS: tells what its main thread's heap takes, in a file that $EROFSJS_HEAP_PROBE names. */
import { renameSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const MIB = 2 ** 20;
const path = process.env.EROFSJS_HEAP_PROBE;

if (path !== undefined && isMainThread && process.argv[1]?.endsWith('daemon.js') === true) {
  setInterval(() => {
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(`${path}.new`, JSON.stringify({ heap: heapUsed / MIB, external: external / MIB }));
    renameSync(`${path}.new`, path);
  }, 1000).unref();
}
