/**
 * The user's configuration file: read, held against who could have written it, and taken apart. Which names and values mean
 * something is decided by who uses it.
 */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { untrustedAbove } from '../system/path-owners.js';
import { ConfigError } from './config-error.js';

/** Bytes: beyond it is no file of options. */
const LARGEST = 1 << 20;
const OTHERS_MAY_WRITE = 0o022;

/** The option's value, or several of one that may be repeated. */
export type ConfigValue = string | number | boolean | readonly (string | number)[];

/** Options by their long names, and below the name of a command those of it alone. */
export interface ConfigSection {
  readonly values: ReadonlyMap<string, ConfigValue>;
  readonly sections: ReadonlyMap<string, ConfigSection>;
}

export interface ConfigFile extends ConfigSection {
  readonly path: string;
}

export function configPath(environment: NodeJS.ProcessEnv): string {
  const folder = environment.XDG_CONFIG_HOME;
  // the XDG base directory specification: a relative path is to be ignored
  return join(folder?.startsWith('/') === true ? folder : join(homedir(), '.config'), 'erofs', 'config.json');
}

/** undefined where there is none. Throws ConfigError, the system's error. */
export function readConfigFile(path: string, user = process.geteuid?.()): ConfigFile | undefined {
  let file: number;
  try {
    // a fifo must not be waited for
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(file);
    const complaint = unfit(stat, path, user);
    if (complaint !== undefined) throw new ConfigError(`${path} is not used: ${complaint}`);
    return { path, ...sectionOf(parse(readFileSync(file, 'utf8'), path), path, []) };
  } finally {
    closeSync(file);
  }
}

function unfit(stat: Stats, path: string, user: number | undefined): string | undefined {
  if (!stat.isFile()) return 'a regular file was expected';
  if (stat.size > LARGEST) return `it has ${stat.size} bytes, expected were at most ${LARGEST}`;
  if (user === undefined) return undefined;
  if (stat.uid !== 0 && stat.uid !== user) {
    return `it belongs to user ${stat.uid}, expected was user ${user} or root`;
  }
  if ((stat.mode & OTHERS_MAY_WRITE) !== 0) {
    const mode = (stat.mode & 0o7777).toString(8);
    return `others may write to it (mode ${mode}); use: chmod go-w ${path}`;
  }
  return untrustedAbove(path, user);
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${path} is no JSON: ${(error as Error).message}`);
  }
}

function sectionOf(object: unknown, path: string, keys: readonly string[]): ConfigSection {
  if (!isObject(object)) {
    throw new ConfigError(`${path} holds no object; expected was {"OPTION": VALUE, "COMMAND": {…}}`);
  }
  const values = new Map<string, ConfigValue>();
  const sections = new Map<string, ConfigSection>();
  for (const [key, value] of Object.entries(object)) {
    if (isObject(value)) sections.set(key, sectionOf(value, path, [...keys, key]));
    else if (isValue(value)) values.set(key, value);
    else {
      const place = [...keys, key].join('.');
      throw new ConfigError(
        `${path}: ${place} is ${JSON.stringify(value)}; expected was text, a number, true, false, or a list of texts`,
      );
    }
  }
  return { values, sections };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isValue(value: unknown): value is ConfigValue {
  if (Array.isArray(value)) return value.every((part) => ['string', 'number'].includes(typeof part));
  return ['string', 'number', 'boolean'].includes(typeof value);
}
