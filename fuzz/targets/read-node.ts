/** All that a mount does with one node, in bounds, and what has to hold of each answer. */
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/erofs-reader/layout.js';
import type { Attr, NodeId, ReadonlyTree } from '../../src/tree/tree.js';
import { BrokenRule } from '../rules.js';

/** Runs one operation; undefined where it was refused. */
export type Attempt = <T>(what: string, work: () => T) => T | undefined;

const PIECE = 4 << 10;
const MOST_NAMES = 16;
const MOST_XATTRS = 2;
const ABSENT = new TextEncoder().encode('user.absent');
const destination = new Uint8Array(PIECE);

/** Throws BrokenRule. */
export function readNode(tree: ReadonlyTree, node: NodeId, attempt: Attempt): void {
  const attr = attempt('getattr', () => tree.getattr(node));
  if (attr === undefined) return;
  require(Number.isSafeInteger(attr.size) && attr.size >= 0, `getattr: ${attr.size} bytes`);
  readXattrs(tree, node, attempt);
  const type = attr.mode & S_IFMT;
  if (type === S_IFDIR) readNames(tree, node, attempt);
  else if (type === S_IFLNK) attempt('readlink', () => tree.readlink(node));
  else if (type === S_IFREG) readFile(tree, node, attr, attempt);
}

function readXattrs(tree: ReadonlyTree, node: NodeId, attempt: Attempt): void {
  const names = attempt('listxattr', () => tree.listxattr(node)) ?? [];
  for (const name of names.slice(0, MOST_XATTRS)) attempt('getxattr', () => tree.getxattr(node, name));
  attempt('getxattr', () => tree.getxattr(node, ABSENT));
}

/** The first names, each looked up, and the listing again from the middle of them. */
function readNames(tree: ReadonlyTree, directory: NodeId, attempt: Attempt): void {
  const names: Uint8Array[] = [];
  const cookies: number[] = [];
  const list = (from: number): void => {
    let last = from;
    let left = MOST_NAMES;
    tree.readdir(directory, from, ({ name, cookie }) => {
      require(name.length > 0 &&
        name.length < 256 &&
        !name.includes(0x2f) &&
        !name.includes(0), 'a bad name');
      // a listing that does not go forward never ends
      require(cookie > last, `readdir: cookie ${cookie} behind ${last}`);
      last = cookie;
      names.push(name.slice());
      cookies.push(cookie);
      return --left > 0;
    });
  };
  attempt('readdir', () => list(0));
  const middle = cookies[cookies.length >> 1];
  if (middle !== undefined) attempt('readdir from a cookie', () => list(middle));
  const last = names.at(-1);
  for (const name of [names[1], last, ABSENT]) {
    if (name === undefined) continue;
    const found = attempt('lookup', () => tree.lookup(directory, name));
    if (found !== undefined) attempt('getattr of a name', () => tree.getattr(found));
  }
}

/** Its first, middle and last bytes, and where its holes are. */
function readFile(tree: ReadonlyTree, node: NodeId, { size }: Attr, attempt: Attempt): void {
  for (const offset of new Set([0, Math.floor(size / 2), Math.max(0, size - (PIECE >> 1))])) {
    const filled = attempt('read', () => tree.read(node, offset, destination));
    const expected = Math.max(0, Math.min(PIECE, size - offset));
    require(filled === undefined || filled === expected, `read: ${filled} bytes, expected ${expected}`);
    const around = attempt('decodedAround', () => tree.decodedAround?.(node, offset));
    if (around === undefined) continue;
    const isAround = around.offset <= offset && offset < around.offset + around.bytes.length;
    require(isAround, `decodedAround: ${around.bytes.length} bytes from ${around.offset} on, byte ${offset} was meant`);
  }
  for (const what of ['data', 'hole'] as const) {
    const found = attempt(`seek to ${what}`, () => tree.seek(node, 0, what));
    require(found === undefined || (found >= 0 && found <= size), `seek to ${what}: ${found} of ${size}`);
  }
}

function require(holds: boolean, found: string): void {
  if (!holds) throw new BrokenRule('wrong-answer', found);
}
