/**
 * How much V8 compiles of a server. Each thread compiles for itself what it runs often, beside the requests that it serves: on two
 * cores that work is missed by the first reads of a mount. V8 copies functions into their callers, up to 460 bytes of bytecode
 * each, and compiles them there once more, and all of it again where a thread meets something new. With small functions alone
 * (27 bytes, where V8 itself calls them small) a thread took 113 ms of processor time for its first two readings of 64 MiB in LZ4
 * pclusters of 4 KiB instead of 150, and no more for later ones.
 */
import { setFlagsFromString } from 'node:v8';

/** Of this process; to be called before its threads start. A V8 that has no such flag goes on without. */
export function limitCompiling(): void {
  setFlagsFromString('--max-inlined-bytecode-size=27');
}
