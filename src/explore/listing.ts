/** Some names of a folder, with what the tree of files shows of each. */
import { escapeBytes } from '../commands/escape.js';
import { isRegular, isSymlink, typeName } from '../commands/mode-string.js';
import { namesAfter } from '../commands/names.js';
import { quoteName } from '../commands/quote.js';
import { joinPath } from '../commands/walk.js';
import type { OpenedImage } from '../open.js';
import type { NodeId } from '../tree/tree.js';
import type { ShownFolder, ShownName } from './shapes.js';
import { shownProblem } from './shown-problem.js';

/** The names behind `cookie` (0: the first ones). What cannot be read is said in what is given. */
export async function listFolder(
  opened: OpenedImage,
  { node: folder, path }: { readonly node: NodeId; readonly path: Uint8Array },
  cookie: number,
): Promise<ShownFolder> {
  try {
    const batch = await namesAfter(opened, folder, cookie);
    const names: ShownName[] = [];
    for (const { name, node } of batch.names)
      names.push(await shownName(opened, joinPath(path, name), name, node));
    return { names, next: batch.next ?? null, problem: null };
  } catch (error) {
    return { names: [], next: null, problem: shownProblem(path, error) };
  }
}

async function shownName(
  opened: OpenedImage,
  path: Uint8Array,
  name: Uint8Array,
  node: NodeId,
): Promise<ShownName> {
  const own = { path: escapeBytes(path), name: quoteName(name) };
  try {
    const { mode, size } = await opened.run(() => opened.tree.getattr(node));
    const hasSize = isRegular(mode) || isSymlink(mode);
    return { ...own, type: typeName(mode), size: hasSize ? size : null, problem: null };
  } catch (error) {
    return { ...own, type: null, size: null, problem: shownProblem(path, error) };
  }
}
