/** Extended attributes: the reads that several commands share. */
import { compareNames } from '../erofs-reader/dir.js';
import type { NodeId } from '../tree/tree.js';
import type { OpenTree } from './open-tree.js';

export interface Xattr {
  /** full name, such as "user.a" */
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** All extended attributes of a node, sorted by name. Rejects as the tree throws. */
export async function xattrsOf(open: OpenTree, node: NodeId): Promise<Xattr[]> {
  const names = await open.run(() => open.tree.listxattr(node));
  const xattrs: Xattr[] = [];
  for (const name of names) {
    const value = await open.run(() => open.tree.getxattr(node, name));
    if (value !== undefined) xattrs.push({ name, value });
  }
  return xattrs.sort((left, right) => compareNames(left.name, right.name));
}
