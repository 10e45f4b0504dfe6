/** SEEK_DATA and SEEK_HOLE: holes are what no layout stores; fragments and inline data are data (erofs-format §15). */
import type { DataNode } from './image.js';

/**
 * Bytes of the file that are mapped at a time. Of a table of scattered chunks a long piece would be looked at again for each chunk;
 * where one extent takes all of a piece, the next is twice as long.
 */
const SHORTEST = 16 << 10;
const LONGEST = 64 << 20;

/** The first offset >= `offset` that is data (a hole); the end of the file is a hole. undefined: there is none. */
export function seekData(node: DataNode, offset: number, what: 'data' | 'hole'): number | undefined {
  const { size } = node.inode;
  if (offset >= size) return undefined;
  let span = SHORTEST;
  for (let position = offset; position < size; ) {
    const end = Math.min(size, position + span);
    const extent = node.mapper.map(position, end);
    if ((extent.kind === 'hole') === (what === 'hole')) return position;
    position = extent.start + extent.length;
    span = position < end ? SHORTEST : Math.min(LONGEST, span * 2);
  }
  return what === 'hole' ? size : undefined;
}
