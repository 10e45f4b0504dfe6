/** Extraction as a whole: the target directory is prepared, filled from a walk of the image, and the tally returned. */
import { opendirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OpenTree } from '../commands/open-tree.js';
import { type Entry, walk } from '../commands/walk.js';
import { makeDirectories } from '../system/directories.js';
import type { Identity } from './attributes.js';
import { codeOf, ExtractError, targetError } from './errors.js';
import { Extractor } from './extractor.js';
import type { Tally } from './tally.js';
import { TargetDirectory } from './target-directory.js';

export interface ExtractOptions {
  /** into a directory that is not empty; what stands where the image has something is removed first */
  readonly force: boolean;
}

/**
 * Extracts `start` and all below it: a directory becomes `target` itself, anything else a file in it.
 * `problem` hears what was not extracted, or not wholly; the rest goes on.
 * Rejects with ExtractError where `target` cannot be used.
 */
export async function extractTree(
  open: OpenTree,
  start: Entry,
  target: string,
  options: ExtractOptions,
  problem: (path: Uint8Array, error: unknown) => void,
): Promise<Tally> {
  const root = openTarget(target, options.force);
  try {
    const extractor = new Extractor(open, root, identityOfProcess(), problem);
    await walk(open, start, extractor);
    return extractor.tally;
  } finally {
    root.close();
  }
}

function openTarget(target: string, force: boolean): TargetDirectory {
  let root: TargetDirectory;
  let empty: boolean;
  try {
    makeDirectories(resolve(target));
    root = new TargetDirectory(realpathSync(target, 'buffer'), force);
    empty = isEmpty(root);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new ExtractError('target-occupied', `${target} exists and is not a directory; name another one`);
    }
    throw targetError(`preparing the directory ${target}`, error);
  }
  if (force || empty) return root;
  root.close();
  throw new ExtractError(
    'target-occupied',
    `${target} is not empty; name another directory, or replace what is in the way with --force`,
  );
}

function isEmpty(directory: TargetDirectory): boolean {
  // Typed as a string, a Buffer works as well.
  const listing = opendirSync(directory.self as unknown as string);
  try {
    return listing.readSync() === null;
  } finally {
    listing.closeSync();
  }
}

function identityOfProcess(): Identity {
  return { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
}
