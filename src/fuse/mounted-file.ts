/**
 * From a path below a mount of an image to the image: what the mount table calls its source, and the path inside.
 *
 * LAW: a mount that hangs costs its patience and no more. What the table says is not believed: the file that the image has must be
 * the one that the mount shows.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Attr } from '../tree/tree.js';
import { type MountEntry, readMounts } from './mountinfo.js';
import { inTime } from './mountpoint.js';
import { isErofsMount } from './stale.js';
import { MountError } from './transport.js';

export interface MountedFile {
  /** the image, as the mount table has it */
  readonly source: string;
  /** from the root of the image */
  readonly inside: Uint8Array;
  /** Throws MountError 'other-image' where the image's file with `attr` is not the one that the mount shows. */
  check(attr: Attr): void;
}

/**
 * Rejects with MountError 'not-mounted' where no image is mounted above the path, 'timeout', or the system's error. Links before the
 * last name are followed.
 */
export async function findMountedFile(path: Uint8Array): Promise<MountedFile> {
  const typed = Buffer.from(path);
  const shown = typed.toString('utf8');
  const name = latin1Name(typed);
  const above = await inTime(realpath(parentOf(typed), 'buffer'), shown);
  const absolute = join(above.toString('latin1'), name);
  const entry = mountAbove(absolute, readMounts());
  if (entry === undefined || !isErofsMount(entry)) {
    const what = entry === undefined ? 'no mount' : `a mount of type ${entry.type}`;
    throw new MountError(
      'not-mounted',
      `${shown} lies in ${what}, none of an EROFS image; name an image and a path in it: erofs explain IMAGE PATH`,
    );
  }
  const found = await inTime(lstat(Buffer.from(absolute, 'latin1'), { bigint: true }), shown);
  const top = latin1(entry.mountpoint);
  const inside = Buffer.from(top === '/' ? absolute : absolute.slice(top.length) || '/', 'latin1');
  return { source: entry.source, inside, check: (attr) => requireSame(shown, entry, found, attr) };
}

/** The last name of a path, a byte a character; empty where the path is a directory for certain. */
function latin1Name(path: Buffer): string {
  const name = basename(path.toString('latin1'));
  return path.at(-1) === SLASH || name === '.' || name === '..' ? '' : name;
}

function parentOf(path: Buffer): Buffer {
  const name = latin1Name(path);
  if (name === '') return path;
  return Buffer.from(dirname(path.toString('latin1')), 'latin1');
}

const SLASH = 0x2f;

/** The last of the mounts that the path lies in and that no later one covers. */
function mountAbove(path: string, mounts: readonly MountEntry[]): MountEntry | undefined {
  let nearest: MountEntry | undefined;
  for (const entry of mounts) {
    const top = latin1(entry.mountpoint);
    const isAbove = path === top || path.startsWith(top === '/' ? top : `${top}/`);
    if (isAbove && top.length >= latin1(nearest?.mountpoint ?? '').length) nearest = entry;
  }
  return nearest;
}

/** A byte a character, so that names need not be UTF-8. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function requireSame(shown: string, { source }: MountEntry, found: BigIntStats, attr: Attr): void {
  const isSame =
    Number(found.mode) === attr.mode &&
    Number(found.size) === attr.size &&
    found.mtimeNs === BigInt(attr.mtimeSeconds) * 1_000_000_000n + BigInt(attr.mtimeNanoseconds);
  if (isSame) return;
  throw new MountError(
    'other-image',
    `${shown} is not the file that ${source} has there; the mount has options or layers that the mount table does not tell: name the image with them`,
  );
}
