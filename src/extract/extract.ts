/** Extraction as a whole: the target directory is prepared, filled from a walk of the image, and the tally returned. */
import { opendirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OpenTree } from '../commands/open-tree.js';
import { type Entry, walk } from '../commands/walk.js';
import { makeDirectories } from '../system/directories.js';
import type { Identity } from './attributes.js';
import { codeOf, ExtractError, endsExtraction, targetError } from './errors.js';
import { Extractor, type ExtractPolicy } from './extractor.js';
import type { Tally } from './tally.js';
import { TargetDirectory } from './target-directory.js';

export interface ExtractOptions extends ExtractPolicy {
  /** into a directory that is not empty; what stands where the image has something is removed first */
  readonly force: boolean;
}

/**
 * Extracts `start` and all below it: a directory becomes `target` itself, anything else a file in it.
 * `problem` hears what was not extracted, or not wholly; the rest goes on, except where a limit is reached or the target takes
 * no more: then the tally says so, and directories that were being filled stay closed to all but their owner.
 * `progress` is called often. Rejects with ExtractError where `target` cannot be used.
 */
export async function extractTree(
  open: OpenTree,
  start: Entry,
  target: string,
  options: ExtractOptions,
  problem: (path: Uint8Array, error: unknown) => void,
  progress: (tally: Tally) => void = () => {},
): Promise<Tally> {
  const root = openTarget(target, options.force);
  const extractor = new Extractor(open, root, identityOfProcess(), options, { problem, progress });
  try {
    await walk(open, start, extractor);
  } catch (error) {
    if (!endsExtraction(error)) throw error;
    extractor.tally.isComplete = false;
  } finally {
    extractor.close();
    root.close();
  }
  return extractor.tally;
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
