/** How much of a file the kernel keeps in memory: cachestat(2), of Linux 6.5 and later. It reads nothing, and changes nothing. */
import { loadNativeLibrary } from './native-library.js';

/** The same on every architecture. */
const SYS_CACHESTAT = 451;
const STRUCT_CACHESTAT = 5;

/** Bytes of `length` at `offset` that are in the page cache, in whole pages; undefined where the system does not tell. */
export type CachedBytes = (descriptor: number, offset: number, length: number) => number | undefined;

let found: { readonly ask: CachedBytes | undefined } | undefined;

/** undefined where there is no koffi to ask with, or the system is not Linux. */
export function pageCache(): CachedBytes | undefined {
  found ??= { ask: process.platform === 'linux' ? bind() : undefined };
  return found.ask;
}

function bind(): CachedBytes | undefined {
  try {
    const library = loadNativeLibrary(null);
    const syscall = library.func('long syscall(long, ...)');
    const pageSize = library.func('int getpagesize()')() as number;
    const range = new BigUint64Array(2);
    const counts = new BigUint64Array(STRUCT_CACHESTAT);
    return (descriptor, offset, length) => {
      range[0] = BigInt(offset);
      range[1] = BigInt(length);
      const words = ['unsigned int', descriptor, 'void *', range, 'void *', counts, 'unsigned int', 0];
      const failed = syscall(SYS_CACHESTAT, ...words) !== 0;
      return failed ? undefined : Math.min(length, Number(counts[0]) * pageSize);
    };
  } catch {
    // The page cache is then as unknown as on a system without this call.
    return undefined;
  }
}
