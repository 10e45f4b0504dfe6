/**
 * FUSE node ids. The kernel's root is 1 and 0 means "none", so that a node travels as its id + 2 and the root as 1.
 *
 * LAW: stateless. Nothing is kept for a node the kernel knows, FORGET has nothing to do, and every worker and every
 * later server of the same image understands the same ids.
 */
import type { NodeId } from '../tree/tree.js';
import { readU64, writeHalves } from './protocol.js';

const FUSE_ROOT_ID = 1;
const SHIFT = 2;

export function writeNodeId(view: DataView, offset: number, node: NodeId, root: NodeId): void {
  if (node === root) {
    writeHalves(view, offset, FUSE_ROOT_ID, 0);
    return;
  }
  // In halves: node + 2 may pass the safe integers.
  const low = (node % 0x1_0000_0000) + SHIFT;
  const carry = low > 0xffff_ffff ? 1 : 0;
  writeHalves(view, offset, low, Math.floor(node / 0x1_0000_0000) + carry);
}

/** undefined for an id that writeNodeId never gives. */
export function readNodeId(view: DataView, offset: number, root: NodeId): NodeId | undefined {
  const id = readU64(view, offset);
  if (id === FUSE_ROOT_ID) return root;
  return id === undefined || id === 0 ? undefined : id - SHIFT;
}
