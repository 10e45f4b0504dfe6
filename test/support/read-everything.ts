/** All that can be read of a tree, as a program does that copies it: names, attributes, xattrs, targets, data. */
import { startAt, WalkError, walk } from '../../src/commands/walk.js';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/erofs-reader/layout.js';
import type { OpenedImage } from '../../src/open.js';
import type { Attr, NodeId } from '../../src/tree/tree.js';

/** Damage can make files of 2^40 bytes, all zeros: of those that are longer than this only some is read. */
const WHOLE_LIMIT = 64 << 20;
const PIECE = 1 << 20;
const SAMPLES = 16;
/**
 * A pcluster that cannot be decoded is tried again for every file that has a part of it, 1,500 in one fixture and
 * 50 ms each: so many failures are enough, and no more data is read.
 */
const MOST_FAILURES = 30;

const destination = new Uint8Array(PIECE);

/**
 * Reads each node once. `problem` gets what damage may cause: ErofsError, and the walk's refusal of directories in
 * a circle. Anything else is thrown.
 */
export async function readEverything(
  opened: OpenedImage,
  problem: (error: ErofsError | WalkError) => void,
): Promise<void> {
  let failures = 0;
  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (error instanceof ErofsError && error.code === 'undecodable') failures++;
      problem(expected(error));
    }
  };
  const seen = new Set<NodeId>();
  await walk(opened, await startAt(opened, opened.tree.root), {
    entry: ({ node, attr }) => {
      if (seen.has(node)) return false;
      seen.add(node);
      guard(() => readXattrs(opened, node));
      const type = attr.mode & S_IFMT;
      if (type === S_IFDIR) guard(() => lookUpAll(opened, node));
      else if (type === S_IFLNK) guard(() => opened.tree.readlink(node));
      else if (type === S_IFREG && failures < MOST_FAILURES) readFile(opened, node, attr, guard);
      return true;
    },
    problem: (_, error) => problem(expected(error)),
  });
  guard(() => opened.tree.statfs());
}

function expected(error: unknown): ErofsError | WalkError {
  if (error instanceof ErofsError || error instanceof WalkError) return error;
  throw error;
}

function readXattrs({ tree }: OpenedImage, node: NodeId): void {
  for (const name of tree.listxattr(node)) tree.getxattr(node, name);
  tree.getxattr(node, ABSENT);
}

const ABSENT = new TextEncoder().encode('user.absent');

function lookUpAll({ tree }: OpenedImage, directory: NodeId): void {
  const names: Uint8Array[] = [ABSENT];
  tree.readdir(directory, 0, ({ name }) => {
    names.push(name.slice());
    return true;
  });
  for (const name of names) tree.lookup(directory, name);
}

/** Every piece on its own: behind one that cannot be read, others can. */
function readFile(
  { tree }: OpenedImage,
  node: NodeId,
  { size }: Attr,
  guard: (work: () => void) => void,
): void {
  const step = size <= WHOLE_LIMIT ? PIECE : Math.ceil(size / SAMPLES);
  for (let offset = 0; offset < size; offset += step) guard(() => tree.read(node, offset, destination));
  if (step > PIECE) guard(() => tree.read(node, size - 1, destination));
  guard(() => tree.seek(node, 0, 'hole'));
  guard(() => tree.seek(node, 0, 'data'));
}
