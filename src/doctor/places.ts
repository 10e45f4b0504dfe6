/** The directories of this user: may they be used, and by nobody else? */
import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { CacheError, findCacheDirectory } from '../cache/cache-directory.js';
import { sizeText } from '../commands/size-text.js';
import { FOR_OTHERS } from '../control/control-directory.js';
import { strangersReach } from '../system/directories.js';
import { untrustedAbove } from '../system/path-owners.js';
import { bad, type Finding, good, warning } from './finding.js';
import type { Machine } from './machine.js';

/** Bytes, with less of which a mount soon fetches the same again. */
const LITTLE_ROOM = 256 * 2 ** 20;

export function cacheDirectory(machine: Machine): Finding {
  const check = 'cache directory';
  const directory = machine.places.cache;
  const another = 'erofs mount --cache-dir DIR, or export XDG_CACHE_HOME=DIR';
  const complaint = cacheComplaint(machine);
  if (complaint !== undefined) return bad(check, ...withRemedy(complaint, another));
  const place = standing(machine, directory);
  const code = machine.writingFails(place);
  if (code !== undefined) return bad(check, `${directory}: ${place} cannot be written to (${code})`, another);
  const free = machine.freeBytes(place);
  const found = `${directory}, ${sizeText(free)} free`;
  return free < LITTLE_ROOM
    ? warning(check, `${found}, which is little`, 'erofs cache gc')
    : good(check, found);
}

function cacheComplaint({ places, user }: Machine): string | undefined {
  try {
    findCacheDirectory(places.cache);
  } catch (error) {
    if (error instanceof CacheError) return error.message;
    throw error;
  }
  if (isThere(places.cache)) return undefined;
  // what would be made is as safe as what it is made in
  let path = places.cache;
  while (!isThere(dirname(path))) path = dirname(path);
  const above = untrustedAbove(path, user);
  return above && `the cache directory ${places.cache} would not be used: ${above}`;
}

export function logPlace(machine: Machine): Finding {
  const check = 'log directory';
  const directory = machine.places.log;
  const place = standing(machine, directory);
  const code = machine.writingFails(place);
  if (code === undefined) return good(check, directory);
  const found = `${directory}: ${place} cannot be written to (${code}), so mounts keep no log`;
  return warning(check, found, 'erofs mount --log-file FILE');
}

/** A mount serves just as well without its socket; nobody can ask it then. */
export function controlPlace(machine: Machine): Finding {
  const check = 'socket directory';
  const directory = machine.places.control;
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  const complaint = stat && strangersReach(directory, stat, FOR_OTHERS);
  const unasked = 'so erofs status cannot ask mounts';
  const another = 'export XDG_RUNTIME_DIR=DIR, with a directory of mode 700 that is yours';
  if (complaint !== undefined) {
    return warning(check, ...withRemedy(`${directory} is not used, ${unasked}: ${complaint}`, another));
  }
  const place = standing(machine, directory);
  const code = machine.writingFails(place);
  return code === undefined
    ? good(check, directory)
    : warning(check, `${directory}: ${place} cannot be written to (${code}), ${unasked}`, another);
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** The directory itself, or the nearest one above that exists, in which it would be made. */
function standing({ stat }: Machine, directory: string): string {
  let path = directory;
  while (stat(path) === undefined && dirname(path) !== path) path = dirname(path);
  return path;
}

/** What finds a directory unsafe names the command at the end of its message, where there is one. */
function withRemedy(message: string, otherwise: string): [found: string, remedy: string] {
  const [found = message, remedy = otherwise] = message.split('; use: ');
  return [found, remedy];
}
