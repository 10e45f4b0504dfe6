/** What is asked of an image under faults: some of everything that it has, each with an answer that can be compared. */
import { createHash } from 'node:crypto';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/erofs-reader/layout.js';
import type { OpenedImage } from '../../src/open.js';
import type { NodeId, ReadonlyTree } from '../../src/tree/tree.js';
import { type FoundNode, nodesOf } from '../support/opened.js';

/** Nodes of a kind that are asked about: the largest, the smallest, and those between at equal steps. */
const OF_A_KIND = 4;

export interface Question {
  readonly about: string;
  readonly ask: (tree: ReadonlyTree) => string;
}

/** Questions about names and bytes of directories, files and symlinks. */
export async function questionsOf(opened: OpenedImage): Promise<Question[]> {
  const nodes = await nodesOf(opened);
  return [S_IFDIR, S_IFREG, S_IFLNK].flatMap((kind) =>
    someOf(nodes.filter(({ mode }) => (mode & S_IFMT) === kind)).map(({ node, size, path }) => ({
      about: path,
      ask: (tree: ReadonlyTree) => answerOf(tree, node, kind, size),
    })),
  );
}

function someOf(nodes: readonly FoundNode[]): FoundNode[] {
  const bySize = [...nodes].sort((a, b) => a.size - b.size);
  const step = Math.max(1, (bySize.length - 1) / (OF_A_KIND - 1));
  const chosen = Array.from({ length: OF_A_KIND }, (_, i) => bySize[Math.round(i * step)]);
  return chosen.filter((node) => node !== undefined);
}

function answerOf(tree: ReadonlyTree, node: NodeId, kind: number, size: number): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(tree.getattr(node)));
  for (const name of tree.listxattr(node)) hash.update(name).update(tree.getxattr(node, name) ?? '');
  if (kind === S_IFLNK) hash.update(tree.readlink(node));
  if (kind === S_IFREG) {
    const bytes = new Uint8Array(size);
    hash.update(bytes.subarray(0, tree.read(node, 0, bytes)));
  }
  if (kind === S_IFDIR) {
    const names: Uint8Array[] = [];
    tree.readdir(node, 0, ({ name }) => names.push(name.slice()) > 0);
    for (const name of names) hash.update(name).update(`${tree.lookup(node, name)}`);
  }
  return hash.digest('hex');
}
