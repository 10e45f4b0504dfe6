/** A serving process whose pumps can be ended, and with "die" the whole process: see crashing-pump-thread.ts. */
import { Serving } from '../../src/fuse/serving.js';

new Serving({
  pumpProgram: new URL('./crashing-pump-thread.js', import.meta.url),
  openToWait: () => undefined,
});
