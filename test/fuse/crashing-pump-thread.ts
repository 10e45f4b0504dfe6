/**
 * The program of a pump that is ended by names: a lookup of "exit" ends its thread, "memory" fills its heap, "spin" goes round
 * for ever, "die" ends the process, and "block" waits in the system for whoever opens the other end of the FIFO in EROFS_TEST_FIFO.
 */
import { openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type PumpData, runPump } from '../../src/fuse/dev-fuse-pump.js';
import { openAtOnce } from '../../src/fuse/image-opening.js';
import type { ReadonlyTree } from '../../src/tree/tree.js';

const ends: Record<string, () => void> = {
  exit: () => process.exit(0),
  memory: () => {
    for (const kept: number[][] = []; ; ) kept.push(new Array(1 << 16).fill(kept.length));
  },
  spin: () => {
    for (;;);
  },
  die: () => process.kill(process.pid, 'SIGKILL'),
  block: () => {
    openSync(process.env.EROFS_TEST_FIFO!, 'r');
  },
};

const crashing = (tree: ReadonlyTree): ReadonlyTree =>
  new Proxy(tree, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (key === 'lookup') ends[Buffer.from(given[1] as Uint8Array).toString()]?.();
        return value.apply(target, given);
      };
    },
  });

await runPump(parentPort!, workerData as PumpData, async (spec, report) => {
  const opened = await openAtOnce(spec, report);
  return { ...opened, tree: crashing(opened.tree), close: () => opened.close() };
});
