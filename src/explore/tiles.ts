/**
 * A folder as tiles of a treemap: its largest names, and of the largest folders theirs, as many as a page can show; the rest of each
 * folder in one tile.
 */
import { escapeBytes } from '../commands/escape.js';
import { type Name, namesAfter } from '../commands/names.js';
import { quoteName } from '../commands/quote.js';
import { joinPath } from '../commands/walk.js';
import type { OpenedImage } from '../open.js';
import type { NodeId } from '../tree/tree.js';
import type { FolderSizes } from './folder-sizes.js';
import type { Measure, ShownTile } from './shapes.js';
import { Turns } from './turns.js';

/** Tiles of one folder, and in all. */
const WIDEST = 60;
const TILES = 300;
/** Levels below the folder that is shown. */
const DEEPEST = 4;
/** A folder below this part of all is one tile. */
const SMALLEST = 1 / 200;
/** Names of a folder that are held at a time. */
const HELD = 4096;

interface Draft {
  readonly path: Uint8Array;
  readonly name: Uint8Array;
  readonly node: NodeId;
  readonly kind: 'file' | 'folder';
  readonly stored: number;
  readonly plain: number;
  readonly names: number;
  readonly depth: number;
  tiles?: (Draft | Rest)[];
}

interface Rest {
  readonly kind: 'rest';
  stored: number;
  plain: number;
  names: number;
}

/** `path` is that of `node` from the root. Rejects where the folder itself cannot be read; what is below is left out then. */
export async function tilesOf(
  opened: OpenedImage,
  sizes: FolderSizes,
  { node, path }: { readonly node: NodeId; readonly path: Uint8Array },
  measure: Measure,
): Promise<ShownTile> {
  return new Tiling(opened, sizes, measure).tile(node, path);
}

class Tiling {
  readonly #opened: OpenedImage;
  readonly #sizes: FolderSizes;
  readonly #measure: Measure;
  readonly #turns = new Turns();

  constructor(opened: OpenedImage, sizes: FolderSizes, measure: Measure) {
    this.#opened = opened;
    this.#sizes = sizes;
    this.#measure = measure;
  }

  async tile(node: NodeId, path: Uint8Array): Promise<ShownTile> {
    const size = this.#sizes.folder(node) ?? { stored: 0, plain: 0, names: 1 };
    const root: Draft = { path, name: path, node, kind: 'folder', ...size, depth: 0 };
    const waiting = [root];
    for (let count = 1; waiting.length > 0 && count < TILES; ) {
      const folder = this.#takeLargest(waiting);
      const tiles = await this.#content(folder, folder === root);
      folder.tiles = tiles;
      count += tiles.length;
      const isEntered = (tile: Draft | Rest): tile is Draft =>
        tile.kind === 'folder' &&
        tile.depth < DEEPEST &&
        tile[this.#measure] >= root[this.#measure] * SMALLEST;
      waiting.push(...tiles.filter(isEntered));
    }
    return shown(root);
  }

  #takeLargest(waiting: Draft[]): Draft {
    let largest = 0;
    for (const [i, draft] of waiting.entries()) {
      if (draft[this.#measure] > waiting[largest]![this.#measure]) largest = i;
    }
    return waiting.splice(largest, 1)[0]!;
  }

  /** What cannot be read of a folder below the one that is shown is missing in its tile, as it is in its size. */
  async #content(folder: Draft, isShown: boolean): Promise<(Draft | Rest)[]> {
    const rest: Rest = { kind: 'rest', stored: 0, plain: 0, names: 0 };
    const drafts: Draft[] = [];
    const met = new Set<NodeId>();
    try {
      for (let cookie: number | undefined = 0; cookie !== undefined; ) {
        const { names, next } = await namesAfter(this.#opened, folder.node, cookie);
        for (const name of names) {
          const draft = await this.#draft(folder, name, met);
          if (draft !== undefined) drafts.push(draft);
          if (drafts.length === HELD) this.#keepLargest(drafts, rest);
          await this.#turns.step();
        }
        cookie = next;
      }
    } catch (error) {
      if (isShown && drafts.length === 0) throw error;
    }
    this.#keepLargest(drafts, rest);
    return rest.names === 0 ? drafts : [...drafts, rest];
  }

  /** undefined for what was not counted yet, or cannot be read. */
  async #draft(
    { node: parent, path, depth }: Draft,
    name: Name,
    met: Set<NodeId>,
  ): Promise<Draft | undefined> {
    const { node } = name;
    const place = { path: joinPath(path, name.name), name: name.name, node, depth: depth + 1 };
    const folder = this.#sizes.folder(node);
    if (folder !== undefined) return { ...place, kind: 'folder', ...folder };
    const stored = this.#sizes.file(node, parent);
    if (stored === undefined) return undefined;
    // a second name of a file takes nothing
    if (met.has(node) || !this.#sizes.countsIn(node, parent)) {
      return { ...place, kind: 'file', stored: 0, plain: 0, names: 1 };
    }
    met.add(node);
    const { size: plain } = await this.#opened.run(() => this.#opened.tree.getattr(node));
    return { ...place, kind: 'file', stored, plain, names: 1 };
  }

  /** All but the largest go into the rest. */
  #keepLargest(drafts: Draft[], rest: Rest): void {
    drafts.sort((a, b) => b[this.#measure] - a[this.#measure]);
    for (const { stored, plain, names } of drafts.splice(WIDEST)) {
      rest.stored += stored;
      rest.plain += plain;
      rest.names += names;
    }
  }
}

function shown(draft: Draft): ShownTile {
  const { path, name, kind, stored, plain, names, tiles } = draft;
  const own = { path: escapeBytes(path), name: quoteName(name), kind };
  const sizes = { stored_bytes: stored, plain_bytes: plain, names };
  if (tiles === undefined) return { ...own, ...sizes };
  return {
    ...own,
    ...sizes,
    tiles: tiles.map((tile) => (tile.kind === 'rest' ? shownRest(tile, own.path) : shown(tile))),
  };
}

const shownRest = ({ stored, plain, names }: Rest, path: string): ShownTile => ({
  ...{ path, name: `${names} smaller`, kind: 'rest' },
  ...{ stored_bytes: stored, plain_bytes: plain, names },
});
