/** Small layers for tests, declared as trees: opened where they are, or saved for a mount. */
import type { Test } from 'tap';
import { type OpenedImage, openSources } from '../../src/open.js';
import { type OverlayOptions, OverlayTree } from '../../src/tree/overlay-tree.js';
import type { NodeId, ReadonlyTree } from '../../src/tree/tree.js';
import { overlay } from '../support/composefs.js';
import { writeImage } from '../support/image-writer.js';
import { hole } from '../support/image-writer-body.js';
import { device, file, type NodeFields, type NodeSpec } from '../support/image-writer-node.js';

export const whiteout = (): NodeSpec => device('character', 0, 0);

/** A file without its bytes, which `redirect` says where to find. */
export const metacopy = (size: number, redirect?: string, fields: NodeFields = {}): NodeSpec =>
  file(hole(size), {
    xattrs: [overlay('metacopy', ''), ...(redirect === undefined ? [] : [overlay('redirect', redirect)])],
    ...fields,
  });

export const redirected = (to: string) => ({ xattrs: [overlay('redirect', to)] });

export async function openLayer(t: Test, root: NodeSpec): Promise<OpenedImage> {
  const opened = await openSources([writeImage({ root }).bytes.source()], {});
  t.teardown(() => opened.close());
  return opened;
}

/** The lowest first. */
export async function overlayOf(
  t: Test,
  roots: readonly NodeSpec[],
  options: OverlayOptions = {},
): Promise<OverlayTree> {
  const layers = await Promise.all(roots.map(async (root) => ({ tree: (await openLayer(t, root)).tree })));
  return new OverlayTree(layers, options);
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (name: Uint8Array): string => Buffer.from(name).toString();

/** Throws where there is no such path. */
export function nodeAt(tree: ReadonlyTree, path: string): NodeId {
  let node = tree.root;
  for (const name of path.split('/')) {
    const found = tree.lookup(node, bytes(name));
    if (found === undefined) throw new Error(`the tree has no ${path}`);
    node = found;
  }
  return node;
}

export function contentOf(tree: ReadonlyTree, path: string): string {
  const node = nodeAt(tree, path);
  const content = new Uint8Array(tree.getattr(node).size + 1);
  return text(content.subarray(0, tree.read(node, 0, content)));
}

/** All names, "." and ".." included. */
export function namesOf(tree: ReadonlyTree, node: NodeId, cookie = 0): string[] {
  const names: string[] = [];
  tree.readdir(node, cookie, ({ name }) => names.push(text(name)) > 0);
  return names;
}
