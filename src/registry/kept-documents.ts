/**
 * What registries said, kept in the cache directory: documents under their digests, and which digest a name had when it was last asked
 * for. With it an image opens where the network is gone.
 *
 * LAW: a document is held against its digest whenever it is read; what a name had is used only where nobody can be asked, and where
 * nobody else could have written it.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeWhole } from '../system/atomic-file.js';
import { makeDirectories } from '../system/directories.js';
import { algorithmOf, hasDigest, hexOf, isDigest } from './digest.js';

/** A document is a few KiB. What was not used for longest goes first. */
const MOST_DOCUMENTS = 2048;

export class KeptDocuments {
  readonly #folder: string;
  #isTidy = false;

  /** `cacheDirectory` is absolute. */
  constructor(cacheDirectory: string) {
    this.#folder = documentsFolder(cacheDirectory);
  }

  /** undefined where it is not kept, or not as it was. */
  document(digest: string): Uint8Array | undefined {
    const path = this.#documentPath(digest);
    const bytes = readIfThere(path);
    if (bytes === undefined || !hasDigest(bytes, digest)) return undefined;
    touch(path);
    return bytes;
  }

  /** Returns why it cannot be kept; undefined where it is. */
  keep(digest: string, bytes: Uint8Array): Error | undefined {
    return this.#write(this.#documentPath(digest), bytes);
  }

  /** The digest that a name had. */
  digestOf(name: string): string | undefined {
    const path = this.#namePath(name);
    const bytes = isOwn(this.#folder) && isOwn(dirname(this.#folder)) ? readIfThere(path) : undefined;
    if (bytes === undefined) return undefined;
    const [kept, digest = ''] = bytes.toString('utf8').split('\n');
    if (kept !== name || !isDigest(digest)) return undefined;
    touch(path);
    return digest;
  }

  /** Returns why it cannot be kept; undefined where it is. */
  rememberDigest(name: string, digest: string): Error | undefined {
    return this.#write(this.#namePath(name), `${name}\n${digest}\n`);
  }

  #write(path: string, content: Uint8Array | string): Error | undefined {
    try {
      makeDirectories(this.#folder, 0o700);
      writeWhole(path, content, 0o600);
      this.#tidy();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  /** Once is enough for the few documents of an image. */
  #tidy(): void {
    if (this.#isTidy) return;
    this.#isTidy = true;
    removeOldest(this.#folder);
  }

  #documentPath(digest: string): string {
    return join(this.#folder, `${algorithmOf(digest)}-${hexOf(digest)}.json`);
  }

  #namePath(name: string): string {
    return join(this.#folder, `${createHash('sha256').update(name).digest('hex').slice(0, 40)}.name`);
  }
}

export const documentsFolder = (cacheDirectory: string): string => join(cacheDirectory, 'documents');

function isOwn(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    // absent or unreadable: it is as if it had never been asked for
    return undefined;
  }
}

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // it is read-only, or has just been removed by somebody else: it will be asked for again
  }
}

function removeOldest(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= MOST_DOCUMENTS) return;
  const ages = names
    .map((name) => ({
      path: join(folder, name),
      used: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .sort((left, right) => left.used - right.used);
  for (const { path } of ages.slice(0, names.length - MOST_DOCUMENTS / 2)) rmSync(path, { force: true });
}
