/**
 * How much garbage the threads of a server may leave lying. V8's own choice is for programs that fill a machine: with 16 MiB of
 * young objects, in three spaces, and an old space that may double before it is looked at, a mount of which 50,000 files were read
 * and listed stood at 383 MiB. So it stands at 185 MiB, and takes no more processor time.
 */
import { setFlagsFromString } from 'node:v8';

const SEMI_SPACE = '--max-semi-space-size=1';
const GROWTH = '--heap-growing-percent=30';

/** For the main thread of a process to be started: there it cannot be changed later. */
export const PROCESS_FLAGS: readonly string[] = [SEMI_SPACE];

/** Of this process; to be called before its threads start. A V8 that has no such flags goes on without. */
export function limitHeaps(): void {
  setFlagsFromString(SEMI_SPACE);
  setFlagsFromString(GROWTH);
}
