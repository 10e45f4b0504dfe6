/** LAW: the only importer of koffi, which is optional and is loaded by the first call. */
import { createRequire } from 'node:module';
import type { LibraryHandle } from 'koffi';

type Koffi = typeof import('koffi');

let loaded: Koffi | undefined;

/** Throws where the package is missing, or has nothing for this machine. */
export function loadKoffi(): Koffi {
  loaded ??= createRequire(import.meta.url)('koffi') as Koffi;
  return loaded;
}

/** A shared library by its file name; null: the running program's own symbols. Throws where there is none. */
export const loadNativeLibrary = (name: string | null): LibraryHandle => loadKoffi().load(name);
