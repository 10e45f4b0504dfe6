/** Requests about one node: LOOKUP, GETATTR, READLINK, STATFS. */
import { writeAttrOut, writeEntryOut, writeNegativeEntry, writeStatFs } from './attr.js';
import type { Exchange } from './dispatch-exchange.js';
import { Errno } from './errno.js';
import { ATTR_OUT_SIZE, ENTRY_OUT_SIZE, OUT_HEADER_SIZE, STATFS_OUT_SIZE } from './protocol.js';

/** Names of EROFS are at most this long; the kernel would pass on up to 1024 bytes. */
const NAME_MAX = 255;
const DOT = 0x2e;

export function lookup(exchange: Exchange): number {
  const name = exchange.lookupName();
  if (name === undefined) return -Errno.EINVAL;
  if (name.length > NAME_MAX) return -Errno.ENAMETOOLONG;
  const { tree, output } = exchange;
  // "." asks for a node by its id alone: the kernel's NFS server has a handle from before a restart.
  const found = name.length === 1 && name[0] === DOT ? exchange.node : tree.lookup(exchange.node, name);
  // Linux refuses a directory below itself; of the root its FUSE would make an EIO.
  if (found === tree.root && name[0] !== DOT) return -Errno.ELOOP;
  if (found === undefined) writeNegativeEntry(output, OUT_HEADER_SIZE);
  else writeEntryOut(output, OUT_HEADER_SIZE, found, tree.root, tree.getattr(found));
  return ENTRY_OUT_SIZE;
}

export function getattr(exchange: Exchange): number {
  writeAttrOut(exchange.output, OUT_HEADER_SIZE, exchange.tree.getattr(exchange.node));
  return ATTR_OUT_SIZE;
}

/** The kernel has room for a page without its NUL; Linux's erofs, too, shows as much of a longer target. */
const TARGET_MAX = 4095;

export function readlink(exchange: Exchange): number {
  return exchange.answer(exchange.tree.readlink(exchange.node).subarray(0, TARGET_MAX));
}

export function statfs(exchange: Exchange): number {
  writeStatFs(exchange.output, OUT_HEADER_SIZE, exchange.tree.statfs());
  return STATFS_OUT_SIZE;
}
