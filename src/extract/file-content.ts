/** The content of a regular file, its holes left as holes. */
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import { readRange } from '../commands/content.js';
import type { OpenTree } from '../commands/open-tree.js';
import type { Entry } from '../commands/walk.js';
import { ExtractError, targetError } from './errors.js';
import type { Allowance } from './limits.js';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** Opens a new file that only its owner may use; throws EEXIST where the path exists, a dangling link included. */
export function createFile(path: Buffer): number {
  return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
}

/** What all copies of an extraction share. */
export interface Copying {
  /** scratch space */
  readonly buffer: Uint8Array;
  readonly allowance: Allowance;
  /** told of each piece: bytes */
  readonly copied: (bytes: number) => void;
}

/**
 * Copies an image's file into an empty one and returns the bytes written, holes not counted. Rejects with what the tree throws, ContentError or ExtractError; the copy is then partial.
 */
export async function copyContent(
  open: OpenTree,
  { node, attr: { size } }: Entry,
  descriptor: number,
  { buffer, allowance, copied }: Copying,
): Promise<number> {
  const { tree } = open;
  let written = 0;
  for (let offset = 0; offset < size; ) {
    const from = offset;
    const start = await open.run(() => tree.seek(node, from, 'data'));
    if (start === undefined) break;
    const end = (await open.run(() => tree.seek(node, start, 'hole'))) ?? size;
    if (end <= start) throw new ExtractError('corrupt', `byte ${start} is given as data and as a hole`);
    allowance.takeBytes(end - start);
    await readRange(open, node, start, end, buffer, (piece, at) => {
      writeAll(descriptor, piece, at);
      copied(piece.length);
    });
    written += end - start;
    offset = end;
  }
  try {
    ftruncateSync(descriptor, size);
  } catch (error) {
    throw targetError(`setting its size to ${size} bytes`, error);
  }
  return written;
}

function writeAll(descriptor: number, bytes: Uint8Array, offset: number): void {
  try {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
    }
  } catch (error) {
    throw targetError(`writing at byte ${offset}`, error);
  }
}

/** Closing may bring the error of an earlier write. */
export function closeFile(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch (error) {
    throw targetError('closing it', error);
  }
}
