/** Xattrs of images to be written: inline bodies, the shared area, the table of long prefixes, the name filter. */
import { roundUp } from '../../src/erofs-reader/bytes.js';
import {
  XATTR_BODY_HEADER_SIZE,
  XATTR_ENTRY_HEADER_SIZE,
  XATTR_FILTER_SEED,
  XATTR_LONG_PREFIX,
} from '../../src/erofs-reader/layout.js';
import { xxh32 } from '../../src/erofs-reader/xxh32.js';

/** Name indexes of the format. */
export const XattrIndex = {
  user: 1,
  aclAccess: 2,
  aclDefault: 3,
  trusted: 4,
  lustre: 5,
  security: 6,
} as const;

export interface XattrSpec {
  /** a name index, or 0x80 + the number of a long prefix; 0 with empty name and value is padding */
  readonly index: number;
  /** what follows the prefix */
  readonly name: Uint8Array;
  readonly value: Uint8Array;
  /** in the shared area, once for all inodes that have it */
  readonly shared: boolean;
}

/** The short prefix with number `base`, then `infix`; base 0 hides what has it. */
export interface PrefixSpec {
  readonly base: number;
  readonly infix: string;
}

const encoder = new TextEncoder();
const asBytes = (text: Uint8Array | string): Uint8Array =>
  typeof text === 'string' ? encoder.encode(text) : text;

export function xattr(
  index: number,
  name: Uint8Array | string,
  value: Uint8Array | string,
  shared = false,
): XattrSpec {
  return { index, name: asBytes(name), value: asBytes(value), shared };
}

/** By the number of a long prefix. */
export const prefixed = (prefix: number, name: string, value: string, shared = false): XattrSpec =>
  xattr(XATTR_LONG_PREFIX | prefix, name, value, shared);

/** Zeros that a writer leaves for later attributes; a multiple of 4 bytes. */
export const padding = (bytes: number): readonly XattrSpec[] =>
  Array.from({ length: bytes / XATTR_ENTRY_HEADER_SIZE }, () => xattr(0, '', ''));

export function entryBytes({ index, name, value }: XattrSpec): Uint8Array {
  const length = XATTR_ENTRY_HEADER_SIZE + name.length + value.length;
  const bytes = new Uint8Array(roundUp(length, 4));
  const view = new DataView(bytes.buffer);
  view.setUint8(0, name.length);
  view.setUint8(1, index);
  view.setUint16(2, value.length, true);
  bytes.set(name, XATTR_ENTRY_HEADER_SIZE);
  bytes.set(value, XATTR_ENTRY_HEADER_SIZE + name.length);
  return bytes;
}

/** Bytes of the body; 0 without xattrs. */
export function bodySize(xattrs: readonly XattrSpec[]): number {
  if (xattrs.length === 0) return 0;
  return xattrs.reduce(
    (sum, spec) => sum + (spec.shared ? 4 : entryBytes(spec).length),
    XATTR_BODY_HEADER_SIZE,
  );
}

export function encodeBody(
  xattrs: readonly XattrSpec[],
  filter: number,
  idOf: (shared: XattrSpec) => number,
): Uint8Array {
  const bytes = new Uint8Array(bodySize(xattrs));
  const view = new DataView(bytes.buffer);
  const shared = xattrs.filter((spec) => spec.shared);
  view.setUint32(0, filter, true);
  view.setUint8(4, shared.length);
  let at = XATTR_BODY_HEADER_SIZE;
  for (const spec of shared) {
    view.setUint32(at, idOf(spec), true);
    at += 4;
  }
  for (const spec of xattrs) {
    if (spec.shared) continue;
    const entry = entryBytes(spec);
    bytes.set(entry, at);
    at += entry.length;
  }
  return bytes;
}

/** The name filter's word (erofs-format §9.4): a bit of 0 for each name that may be there. */
export function nameFilter(xattrs: readonly XattrSpec[], prefixes: readonly PrefixSpec[]): number {
  let filter = 0xffff_ffff;
  for (const { index, name } of xattrs) {
    if (index === 0) continue;
    const long = index & XATTR_LONG_PREFIX ? prefixes[index & ~XATTR_LONG_PREFIX] : undefined;
    const rest = long === undefined ? name : Buffer.concat([encoder.encode(long.infix), name]);
    filter &= ~(1 << (xxh32(rest, XATTR_FILTER_SEED + (long?.base ?? index)) & 31));
  }
  return filter >>> 0;
}

export function prefixTable(prefixes: readonly PrefixSpec[]): Uint8Array {
  const records = prefixes.map(({ base, infix }) => {
    const text = encoder.encode(infix);
    const record = new Uint8Array(roundUp(3 + text.length, 4));
    new DataView(record.buffer).setUint16(0, 1 + text.length, true);
    record[2] = base;
    record.set(text, 3);
    return record;
  });
  return Buffer.concat(records);
}

/** The shared area: each different entry once. An id is a byte offset divided by 4. */
export class SharedArea {
  readonly #ids = new Map<string, number>();
  readonly #entries: Uint8Array[] = [];
  #size = 0;

  id(spec: XattrSpec): number {
    const entry = entryBytes(spec);
    const key = Buffer.from(entry).toString('latin1');
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#size / 4;
      this.#ids.set(key, id);
      this.#entries.push(entry);
      this.#size += entry.length;
    }
    return id;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#entries);
  }
}
