/**
 * Running a program of the package, with what V8 made of it when it was built (scripts/bundle.mjs): an `erofs ls` takes 128 ms of
 * processor time, and 180 where all of the program has to be read and compiled.
 *
 * LAW: nothing but speed depends on it. Where it is absent or older than the program, or of another V8 or other flags of V8, the
 * program is compiled as ever. NODE_DEBUG=erofs tells.
 */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { debuglog } from 'node:util';
import { Script } from 'node:vm';
import { type ProgramName, programPath } from './programs.js';

const debug = debuglog('erofs');

/** Of the bundle at `path`. */
export const codeCachePath = (path: string): string => `${path}.cache`;

/** Runs the program in this thread. Throws what its start throws, and the system's error where the package is not whole. */
export function loadProgram(name: ProgramName): void {
  const path = programPath(name, 'bundle');
  const cachedData = codeCache(path);
  const script = compile(path, cachedData);
  const state = script.cachedDataRejected === false ? 'used' : cachedData ? 'refused' : 'absent';
  debug(`${name}: what was compiled before is ${state}`);
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
}

/** The bundle as a function; whoever makes the cache has to compile the same text. Bundles are ASCII. */
export function compile(path: string, cachedData?: Buffer): Script {
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'latin1')}\n})`;
  return new Script(source, { filename: path, ...(cachedData && { cachedData }) });
}

function codeCache(path: string): Buffer | undefined {
  const cache = codeCachePath(path);
  try {
    // V8 compares the length of the program's text alone
    return statSync(cache).mtimeMs >= statSync(path).mtimeMs ? readFileSync(cache) : undefined;
  } catch {
    return undefined;
  }
}
