/** A directory's names as blocks: sorted, dirents in front, names behind them (erofs-format §8). */
import { DIRENT_SIZE } from '../../src/erofs-reader/layout.js';

export interface NamedNid {
  readonly name: Uint8Array;
  /** u64; bit 63 says "in the metabox" */
  readonly nid: bigint;
  /** EROFS file type, 0 to 7 */
  readonly type: number;
}

/** A name's room does not depend on its nid, so that sizes are known before nids are. */
type Name = Pick<NamedNid, 'name'>;

export const sorted = <T extends Name>(names: readonly T[]): T[] =>
  [...names].sort((a, b) => Buffer.compare(a.name, b.name));

/** Runs of sorted names that fill a block each. */
function split<T extends Name>(names: readonly T[], blockSize: number): T[][] {
  const blocks: T[][] = [];
  let room = 0;
  for (const name of names) {
    const size = DIRENT_SIZE + name.name.length;
    if (size > room) {
      blocks.push([]);
      room = blockSize;
    }
    blocks.at(-1)!.push(name);
    room -= size;
  }
  return blocks;
}

const used = (names: readonly Name[]): number =>
  names.reduce((sum, { name }) => sum + DIRENT_SIZE + name.length, 0);

/** i_size: the last block ends with its last name. */
export function directorySize(names: readonly Name[], blockSize: number): number {
  const blocks = split(names, blockSize);
  return (blocks.length - 1) * blockSize + used(blocks.at(-1)!);
}

export function directoryBytes(names: readonly NamedNid[], blockSize: number): Uint8Array {
  const bytes = new Uint8Array(directorySize(names, blockSize));
  const view = new DataView(bytes.buffer);
  for (const [n, block] of split(names, blockSize).entries()) {
    let nameAt = block.length * DIRENT_SIZE;
    for (const [entry, { name, nid, type }] of block.entries()) {
      const at = n * blockSize + entry * DIRENT_SIZE;
      view.setBigUint64(at, nid, true);
      view.setUint16(at + 8, nameAt, true);
      view.setUint8(at + 10, type);
      bytes.set(name, n * blockSize + nameAt);
      nameAt += name.length;
    }
  }
  return bytes;
}
