/** What differs between two trees. */

import type { Xattr } from '../commands/content.js';
import { escapeBytes } from '../commands/escape.js';
import { isDevice, isRegular, isSymlink, typeName } from '../commands/mode-string.js';
import { nanosecondsSince1970 } from '../commands/time-string.js';
import type { SideEntry } from './side.js';

/** Both values; null where one side has none. */
export type FieldChange = readonly [left: string | number | null, right: string | number | null];

/** The form of --json but for the path, which is escaped there. */
export interface Difference {
  readonly path: Uint8Array;
  readonly change: 'added' | 'removed' | 'changed';
  /** of the file that there is; of what changed, of the second side */
  readonly type: string;
  /** of what changed, by name: type, mode, uid, gid, size, rdev, target, mtime_ns, "xattr NAME", content */
  readonly fields?: Readonly<Record<string, FieldChange | { readonly first_difference: number }>>;
}

export function differenceObject({ path, ...rest }: Difference): object {
  return { path: escapeBytes(path), ...rest };
}

/** What stat(2) tells of both, as far as it is the file's own. */
export function attrChanges(
  left: SideEntry,
  right: SideEntry,
  withTimes: boolean,
): Record<string, FieldChange> {
  const fields: Record<string, FieldChange> = {};
  const note = (name: string, of: (entry: SideEntry) => string | number) => {
    const [first, second] = [of(left), of(right)];
    if (first !== second) fields[name] = [first, second];
  };
  note('type', ({ attr }) => typeName(attr.mode));
  note('mode', ({ attr }) => (attr.mode & 0o7777).toString(8));
  note('uid', ({ attr }) => attr.uid);
  note('gid', ({ attr }) => attr.gid);
  if ('type' in fields) return fields;
  const { mode } = left.attr;
  if (isRegular(mode) || isSymlink(mode)) note('size', ({ attr }) => attr.size);
  if (isDevice(mode)) note('rdev', ({ attr }) => `${attr.major},${attr.minor}`);
  if (withTimes)
    note('mtime_ns', ({ attr }) => nanosecondsSince1970(attr.mtimeSeconds, attr.mtimeNanoseconds));
  return fields;
}

/** Values in hexadecimal by percent-escaped name; both are sorted by name. */
export function xattrChanges(left: readonly Xattr[], right: readonly Xattr[]): Record<string, FieldChange> {
  const fields: Record<string, FieldChange> = {};
  const names = new Map<string, [string | null, string | null]>();
  for (const [i, xattrs] of [left, right].entries()) {
    for (const { name, value } of xattrs) {
      const key = escapeBytes(name);
      const values = names.get(key) ?? [null, null];
      values[i] = Buffer.from(value).toString('hex');
      names.set(key, values);
    }
  }
  for (const [name, [first, second]] of names) {
    if (first !== second) fields[`xattr ${name}`] = [first, second];
  }
  return fields;
}
