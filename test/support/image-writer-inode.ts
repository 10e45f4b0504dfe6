/** An inode's 32 or 64 bytes (erofs-format §5). */
import {
  COMPACT_INODE_SIZE,
  EXTENDED_INODE_SIZE,
  I_FORMAT_BIT4,
  I_FORMAT_EXTENDED,
} from '../../src/erofs-reader/layout.js';
import type { Body } from './image-writer-body.js';
import { isDirectory, type NodeSpec } from './image-writer-node.js';

export interface InodeFacts {
  readonly body: Body;
  /** i_u and the 16 bits above it; null: all ones */
  readonly address: number | null;
  /** unless the node itself says one */
  readonly nlink: number;
  /** bytes of the xattr body */
  readonly xattrSize: number;
  readonly number: number;
}

export const inodeSize = ({ compact }: NodeSpec): number =>
  compact ? COMPACT_INODE_SIZE : EXTENDED_INODE_SIZE;

export function inodeBytes(node: NodeSpec, facts: InodeFacts): Uint8Array {
  const { body, address, xattrSize } = facts;
  const view = new DataView(new ArrayBuffer(inodeSize(node)));
  const nlink = node.nlink ?? facts.nlink;
  const high = address === null ? 0xffff : Math.floor(address / 0x1_0000_0000);
  // a compact inode has room for the high bits of an address or for nlink
  const hasHighAddress = node.compact !== true || (!isDirectory(node) && address !== null && high > 0);
  const bit4 = isDirectory(node) ? node.names?.dotOmitted === true : node.compact && hasHighAddress;
  view.setUint16(
    0,
    (body.layout << 1) | (node.compact ? 0 : I_FORMAT_EXTENDED) | (bit4 ? I_FORMAT_BIT4 : 0),
    true,
  );
  view.setUint16(2, xattrSize === 0 ? 0 : (xattrSize - 12) / 4 + 1, true);
  view.setUint16(4, node.mode, true);
  view.setUint16(6, hasHighAddress ? high : nlink, true);
  view.setUint32(16, address === null ? 0xffff_ffff : address % 0x1_0000_0000, true);
  view.setUint32(20, facts.number, true);
  if (node.compact) {
    view.setUint32(8, body.size, true);
    view.setUint32(12, Number(node.seconds ?? 0), true);
    view.setUint16(24, node.uid ?? 0, true);
    view.setUint16(26, node.gid ?? 0, true);
  } else {
    view.setBigUint64(8, BigInt(body.size), true);
    view.setUint32(24, node.uid ?? 0, true);
    view.setUint32(28, node.gid ?? 0, true);
    view.setBigInt64(32, BigInt(node.seconds ?? 0), true);
    view.setUint32(40, node.nanoseconds ?? 0, true);
    view.setUint32(44, nlink, true);
  }
  node.patch?.(view);
  return new Uint8Array(view.buffer);
}
