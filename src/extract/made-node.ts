/**
 * What this run has just made, as its attributes are set: by a descriptor, so that they go to the node itself, whoever puts
 * something else under its name meanwhile.
 */
import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import { ExtractError } from './errors.js';

/** Node does not name this flag; its value is that of every architecture that Node runs on. */
const O_PATH = 0o10000000;

/** Linux; elsewhere names are resolved by path, and only the image, not a neighbour, is guarded against. */
export const HAS_DESCRIPTOR_PATHS = existsSync('/proc/self/fd');

export interface MadeNode {
  /** for system calls */
  readonly path: Buffer;
  /** `path` leads to the node from a descriptor; otherwise it is the node's own and must not be followed */
  readonly byDescriptor: boolean;
}

export const nodeOfDescriptor = (descriptor: number, path: Buffer): MadeNode =>
  HAS_DESCRIPTOR_PATHS
    ? { path: Buffer.from(`/proc/self/fd/${descriptor}`), byDescriptor: true }
    : { path, byDescriptor: false };

/**
 * Runs `work` on a node that is no regular file and was just made as `path`. Rejects with ExtractError 'replaced' where the
 * name has another type of node by now, or one with more names, which can only be a file of somebody else.
 */
export async function withMadeNode(
  path: Buffer,
  mode: number,
  work: (node: MadeNode) => Promise<void>,
): Promise<void> {
  if (!HAS_DESCRIPTOR_PATHS) return work({ path, byDescriptor: false });
  const descriptor = openSync(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const found = fstatSync(descriptor);
    if ((found.mode & constants.S_IFMT) !== (mode & constants.S_IFMT) || found.nlink !== 1) {
      throw new ExtractError(
        'replaced',
        'something else was put in its place while its attributes were being set',
      );
    }
    await work(nodeOfDescriptor(descriptor, path));
  } finally {
    closeSync(descriptor);
  }
}
