/**
 * The -o list of mount(8) and fstab: text -> what was asked, with the defaults filled in.
 * Pure: whether the caller is root is a parameter.
 */
import type { ImageSpec } from '../open.js';
import { OPEN_OPTIONS } from '../open-options.js';
import type { GivenOptions } from '../options/long-option.js';
import { didYouMean } from '../options/nearest.js';
import type { MountOptions } from './transport.js';

/** `message` names the option, what is wrong with it and what to write instead. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
  readonly code = 'usage';
}

export interface ParsedOptions {
  /** without fsname: what is mounted gives it */
  readonly mount: Omit<MountOptions, 'fsname'> & { readonly fsname: string | undefined };
  /** what -o says about the image, the lowest where there are several; device paths are as typed */
  readonly image: Pick<ImageSpec, 'offset' | 'devices' | 'allowTruncated' | 'uid' | 'gid'>;
  /** directories of objects, as typed */
  readonly stores: readonly string[];
  /** the images above it, the last one wins; as typed */
  readonly uppers: readonly string[];
  /** see MountRequest */
  readonly supervise: boolean;
  /** seconds; see MountRequest */
  readonly watchdog: number | undefined;
  /** what -o says of open-options.ts */
  readonly open: GivenOptions;
  /** what the server may take of memory, as typed */
  readonly memory: string | undefined;
  /** options that were given and change nothing, as typed */
  readonly ignored: readonly string[];
  /** options that were given and change something, by name: what a driver must be able to do */
  readonly asked: ReadonlySet<string>;
}

/** Whose list it is. */
export interface Caller {
  readonly root: boolean;
  /** mount(8) adds `rw` wherever `ro` is not said, so that from it the word means nothing */
  readonly isMountProgram?: boolean;
  /** mount -s: options that nobody knows are left out */
  readonly sloppy?: boolean;
}

type Value = 'none' | 'text' | 'number';

/** The options of open-options.ts by what they are called here: the long name with _ for -. */
const OPEN: ReadonlyMap<string, string> = new Map([
  ...[...OPEN_OPTIONS.keys()].map((name) => [name.replaceAll('-', '_'), name] as const),
  // as mount.composefs calls them
  ['digest', 'fsverity-digest'],
  ['verity', 'require-verity'],
  // as containerd's EROFS snapshotter does
  ['X-containerd.dmverity', 'verity-sidecar'],
]);

/** Options with an effect, and what follows their name. */
const EFFECTIVE: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['ro', 'none'],
  ['allow_other', 'none'],
  ['default_permissions', 'none'],
  ['suid', 'none'],
  ['nosuid', 'none'],
  ['dev', 'none'],
  ['nodev', 'none'],
  ['exec', 'none'],
  ['noexec', 'none'],
  ['fsname', 'text'],
  ['subtype', 'text'],
  ['offset', 'number'],
  // as the kernel's erofs calls it
  ['fsoffset', 'number'],
  ['device', 'text'],
  ['upper', 'text'],
  ['objects', 'text'],
  ['uid', 'number'],
  ['gid', 'number'],
  ['allow_truncated', 'none'],
  ['supervise', 'none'],
  ['watchdog', 'number'],
  ['memory', 'text'],
  ...[...OPEN].map(
    ([word, name]) => [word, OPEN_OPTIONS.get(name)!.value === undefined ? 'none' : 'text'] as const,
  ),
]);

/** Accepted because fstab, mount(8) and systemd give them to every file system. */
const FOR_OTHERS =
  'defaults auto noauto user nouser users owner group nofail _netdev comment atime noatime diratime ' +
  'nodiratime relatime norelatime strictatime nostrictatime lazytime nolazytime async sync dirsync silent ' +
  'loud mand nomand iversion noiversion loop';

/** Accepted without effect: how the kernel's erofs is to cache, and what it may leave out, which is always shown. */
const FOR_THE_KERNEL = 'dax cache_strategy directio inode_share user_xattr acl';

/** Accepted without effect: an image never changes, so everything about it is cached for ever. */
const ALWAYS_SO =
  'kernel_cache auto_cache entry_timeout attr_timeout negative_timeout ac_attr_timeout max_read';

const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  `${FOR_OTHERS} ${FOR_THE_KERNEL} ${ALWAYS_SO}`.split(' '),
);

/**
 * `lists` are the arguments of the -o options in their order; of options that exclude each other the last wins.
 * Throws OptionError.
 */
export function parseOptions(lists: readonly string[], caller: Caller): ParsedOptions {
  const asked = new Set<string>();
  const values = new Map<string, string>();
  const devices: string[] = [];
  const stores: string[] = [];
  const uppers: string[] = [];
  const ignored: string[] = [];
  const open = new Map<string, readonly string[]>();
  for (const item of lists.flatMap(splitList)) {
    const [name, value] = splitItem(item);
    if (isIgnored(name, caller)) {
      ignored.push(item);
      continue;
    }
    checkItem(name, value, caller);
    asked.add(name);
    const opposite = OPPOSITES[name];
    if (opposite !== undefined) asked.delete(opposite);
    const long = OPEN.get(name);
    if (name === 'device') devices.push(value!);
    else if (name === 'objects') stores.push(value!);
    else if (name === 'upper') uppers.push(value!);
    else if (long !== undefined)
      open.set(long, [...(open.get(long) ?? []), ...(value === undefined ? [] : [value])]);
    else if (value !== undefined) values.set(name, value);
  }

  const number = (name: string): number | undefined => readNumber(name, values.get(name));
  const offset = number('offset') ?? number('fsoffset');
  const uid = number('uid');
  const gid = number('gid');
  const allowOther = asked.has('allow_other');
  return {
    mount: {
      allowOther,
      defaultPermissions: asked.has('default_permissions') || caller.root || allowOther,
      // for root as well: an image of somebody else must not bring rights along unless that is asked for
      nosuid: !asked.has('suid'),
      nodev: !asked.has('dev'),
      noexec: asked.has('noexec'),
      fsname: values.get('fsname'),
      subtype: values.get('subtype') ?? 'erofs',
    },
    image: {
      ...(offset !== undefined && { offset }),
      ...(devices.length > 0 && { devices }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
      ...(asked.has('allow_truncated') && { allowTruncated: true }),
    },
    stores,
    uppers,
    supervise: asked.has('supervise'),
    watchdog: number('watchdog'),
    memory: values.get('memory'),
    open,
    ignored,
    asked,
  };
}

/** The options of such lists by their long names on the command line. Throws OptionError. */
export const longNamesIn = (lists: readonly string[]): string[] =>
  lists
    .flatMap(splitList)
    .map((item) => splitItem(item)[0])
    .map((name) => OPEN.get(name) ?? name.replaceAll('_', '-'));

const OPPOSITES: Readonly<Record<string, string>> = {
  suid: 'nosuid',
  nosuid: 'suid',
  dev: 'nodev',
  nodev: 'dev',
  exec: 'noexec',
  noexec: 'exec',
};

/** Items of one list: a comma separates, unless it follows a backslash or stands between double quotes. */
export function splitList(list: string): string[] {
  const items: string[] = [];
  let item = '';
  let quoted = false;
  for (let at = 0; at < list.length; at++) {
    const character = list[at]!;
    if (character === '\\' && at + 1 < list.length) item += list[++at];
    else if (character === '"') quoted = !quoted;
    else if (character === ',' && !quoted) {
      items.push(item);
      item = '';
    } else item += character;
  }
  if (quoted) throw new OptionError(`-o ${list}: a double quote is not closed; add the second one`);
  items.push(item);
  return items.filter((text) => text !== '');
}

function splitItem(item: string): [string, string | undefined] {
  const equals = item.indexOf('=');
  return equals < 0 ? [item, undefined] : [item.slice(0, equals), item.slice(equals + 1)];
}

function isIgnored(name: string, caller: Caller): boolean {
  if (EFFECTIVE.has(name)) return false;
  if (/^x-/i.test(name) || WITHOUT_EFFECT.has(name)) return true;
  if (name === 'rw') return caller.isMountProgram === true;
  return caller.sloppy === true;
}

function checkItem(name: string, value: string | undefined, caller: Caller): void {
  if (name === 'rw') throw new OptionError('-o rw: EROFS is read-only; leave it out or write ro');
  const expected = EFFECTIVE.get(name);
  if (expected === undefined) {
    const known = [...EFFECTIVE.keys()];
    const remedy = didYouMean(name, known) || `; known are ${known.join(', ')}`;
    throw new OptionError(`-o ${name}: no such mount option${remedy}`);
  }
  if (expected === 'none' && value !== undefined) {
    throw new OptionError(`-o ${name}=${value}: ${name} takes no value; write ${name}`);
  }
  if (expected !== 'none' && (value === undefined || value === '')) {
    throw new OptionError(`-o ${name}: a value is missing; write ${name}=VALUE`);
  }
  if ((name === 'suid' || name === 'dev') && !caller.root) {
    throw new OptionError(`-o ${name}: only root may mount with ${name}; leave it out`);
  }
  if (name === 'subtype' && !/^[\w.+-]+$/.test(value!)) {
    throw new OptionError(`-o subtype=${value}: letters, digits and the signs . _ + - only`);
  }
}

const LARGEST_ID = 0xffff_fffe;

function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(0x[0-9a-f]+|[0-9]+)$/i.test(text) ? Number(text) : Number.NaN;
  const largest = name.endsWith('offset') ? Number.MAX_SAFE_INTEGER : LARGEST_ID;
  if (value <= largest) return value;
  throw new OptionError(`-o ${name}=${text}: expected a number from 0 to ${largest}`);
}
