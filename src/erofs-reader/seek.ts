/** SEEK_DATA and SEEK_HOLE: holes are what no layout stores; fragments and inline data are data (erofs-format §15). */
import type { DataNode } from './image.js';

/** Bytes of the file that are mapped at a time: a table of scattered chunks is otherwise looked at 512 times over. */
const SPAN = 16 << 10;

/** The first offset >= `offset` that is data (a hole); the end of the file is a hole. undefined: there is none. */
export function seekData(node: DataNode, offset: number, what: 'data' | 'hole'): number | undefined {
  const { size } = node.inode;
  if (offset >= size) return undefined;
  for (let position = offset; position < size; ) {
    const extent = node.mapper.map(position, Math.min(size, position + SPAN));
    if ((extent.kind === 'hole') === (what === 'hole')) return position;
    position = extent.start + extent.length;
  }
  return what === 'hole' ? size : undefined;
}
