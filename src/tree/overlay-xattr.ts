/**
 * Extended attributes by which an image speaks to Linux's overlayfs, as composefs images do: which files have their
 * bytes elsewhere, which names are whiteouts, and how such attributes of the files themselves are kept apart.
 *
 * An attribute NAMESPACE.overlay.X belongs to overlayfs. One that a file itself has is stored with "overlay." once
 * more: NAMESPACE.overlay.overlay.X is shown as NAMESPACE.overlay.X (fs/overlayfs/xattrs.c).
 */
import { corrupt } from '../erofs-reader/errors.js';
import type { NodeId } from './tree.js';

/** `trusted` unless overlayfs is mounted with the option userxattr. */
export type OverlayNamespace = 'trusted' | 'user';

/** An fs-verity digest: 4 KiB blocks, no salt. */
export interface ObjectDigest {
  readonly algorithm: 'sha256' | 'sha512';
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();
const ESCAPE = encoder.encode('overlay.');

/** The attributes of one namespace. */
export class OverlayXattrs {
  readonly metacopy: Uint8Array;
  readonly redirect: Uint8Array;
  readonly whiteout: Uint8Array;
  readonly opaque: Uint8Array;
  readonly #own: Uint8Array;
  readonly #escaped: Uint8Array;

  constructor(namespace: OverlayNamespace) {
    const own = `${namespace}.overlay.`;
    this.#own = encoder.encode(own);
    this.#escaped = encoder.encode(`${own}overlay.`);
    this.metacopy = encoder.encode(`${own}metacopy`);
    this.redirect = encoder.encode(`${own}redirect`);
    this.whiteout = encoder.encode(`${own}whiteout`);
    this.opaque = encoder.encode(`${own}opaque`);
  }

  /** Whether overlayfs owns the name, or stores another behind it. */
  has(name: Uint8Array): boolean {
    return startsWith(name, this.#own);
  }

  /** The name that is shown; undefined where overlayfs keeps it to itself. */
  shown(name: Uint8Array): Uint8Array | undefined {
    if (!this.has(name)) return name;
    if (!startsWith(name, this.#escaped)) return undefined;
    return concat(this.#own, name.subarray(this.#escaped.length));
  }

  /** The name under which the image stores what is shown as `name`. */
  stored(name: Uint8Array): Uint8Array {
    if (!this.has(name)) return name;
    return concat(this.#own, ESCAPE, name.subarray(this.#own.length));
  }
}

const METACOPY_HEADER_SIZE = 4;
const METACOPY_VERSION = 0;
const DIGESTS = { 1: { algorithm: 'sha256', size: 32 }, 2: { algorithm: 'sha512', size: 64 } } as const;

/**
 * The value of `metacopy`: u8 version 0, u8 length of all, u8 flags 0, u8 digest algorithm, digest; or nothing at all.
 * undefined where it has no digest. Throws 'corrupt'.
 */
export function parseMetacopy(value: Uint8Array, node: NodeId): ObjectDigest | undefined {
  if (value.length === 0) return undefined;
  const [version, length, flags, algorithm] = value;
  const wellFormed =
    value.length >= METACOPY_HEADER_SIZE &&
    version === METACOPY_VERSION &&
    length === value.length &&
    flags === 0;
  if (wellFormed && algorithm === 0 && length === METACOPY_HEADER_SIZE) return undefined;
  const digest = DIGESTS[algorithm as keyof typeof DIGESTS];
  if (!wellFormed || digest === undefined || length !== METACOPY_HEADER_SIZE + digest.size) {
    throw corrupt(
      `inode ${node}: the xattr overlay.metacopy is ${Buffer.from(value).toString('hex')}; expected version 0, its length, no flags, and a digest of SHA-256 (1) or SHA-512 (2)`,
      { nid: node },
    );
  }
  return { algorithm: digest.algorithm, bytes: value.slice(METACOPY_HEADER_SIZE) };
}

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * The names on the way from the top of an object store to the object that `redirect` names, "/ab/cdef": absolute, no
 * empty part, no "." and no "..", so that it leads nowhere else. Throws 'corrupt'.
 */
export function parseRedirect(value: Uint8Array, node: NodeId): Uint8Array[] {
  const names = value[0] === SLASH ? pathNames(value, 1) : undefined;
  if (names !== undefined) return names;
  throw corrupt(
    `inode ${node}: the xattr overlay.redirect is ${JSON.stringify(Buffer.from(value).toString())}; expected the absolute path of an object, such as /ab/cdef, without empty parts, "." and ".."`,
    { nid: node },
  );
}

/** The names from byte `start` on, between slashes; undefined where one of them is no name of a file. */
export function pathNames(path: Uint8Array, start: number): Uint8Array[] | undefined {
  const names: Uint8Array[] = [];
  for (let from = start, at = start; at <= path.length; at++) {
    if (at < path.length && path[at] !== SLASH) continue;
    names.push(path.slice(from, at));
    from = at + 1;
  }
  return names.every(isName) && !path.includes(0) ? names : undefined;
}

function isName(part: Uint8Array): boolean {
  return part.length > 2 || part.some((byte) => byte !== DOT);
}

function startsWith(name: Uint8Array, prefix: Uint8Array): boolean {
  if (name.length < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (name[i] !== prefix[i]) return false;
  return true;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
