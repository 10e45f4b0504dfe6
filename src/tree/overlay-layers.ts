/**
 * Layers that lie one upon the other, and how a name is found in them: the uppermost that has it decides, and what is below a
 * whiteout is not there (fs/overlayfs/namei.c).
 *
 * MEMBERS are the directories of several layers that are shown as one, as node ids, the uppermost first.
 */
import { nidName } from '../erofs-reader/bytes.js';
import { corrupt, type ErofsError } from '../erofs-reader/errors.js';
import { S_IFDIR, S_IFMT, S_IFREG } from '../erofs-reader/layout.js';
import type { OverlayMarks } from './overlay-marks.js';
import { Misses } from './overlay-misses.js';
import { OverlayIds } from './overlay-node.js';
import type { Redirect } from './overlay-redirect.js';
import type { Attr, NodeId, ReadonlyTree } from './tree.js';

export class OverlayLayers {
  readonly ids: OverlayIds;
  /** the uppermost first */
  readonly roots: readonly NodeId[];
  readonly marks: OverlayMarks;
  readonly #trees: readonly ReadonlyTree[];
  readonly #names: readonly string[];

  /** The lowest first, with what people call them. */
  constructor(trees: readonly ReadonlyTree[], names: readonly string[], marks: OverlayMarks) {
    this.ids = new OverlayIds(trees.length);
    this.roots = trees.map(({ root }, layer) => this.ids.id(layer, root)).reverse();
    this.marks = marks;
    this.#trees = trees;
    this.#names = names;
  }

  tree(id: NodeId): ReadonlyTree {
    return this.#trees[this.ids.layer(id)]!;
  }

  /** The roots of the layers below that of `id`. */
  rootsBelow(id: NodeId): readonly NodeId[] {
    return this.roots.slice(this.roots.length - this.ids.layer(id));
  }

  isRoot(id: NodeId): boolean {
    return this.roots[this.roots.length - 1 - this.ids.layer(id)] === id;
  }

  /** As its layer has it. */
  attr(id: NodeId): Attr {
    return this.tree(id).getattr(this.ids.node(id));
  }

  isDirectory(id: NodeId): boolean {
    return (this.attr(id).mode & S_IFMT) === S_IFDIR;
  }

  isRegular(id: NodeId): boolean {
    return (this.attr(id).mode & S_IFMT) === S_IFREG;
  }

  isWhiteout(id: NodeId): boolean {
    return this.marks.isWhiteout(this.tree(id), this.ids.node(id), this.attr(id));
  }

  isOpaque(id: NodeId): boolean {
    return this.marks.isOpaque(this.tree(id), this.ids.node(id));
  }

  redirect(id: NodeId): Redirect | undefined {
    return this.marks.redirect(this.tree(id), this.ids.node(id), this.describe(id));
  }

  isMetacopy(id: NodeId): boolean {
    return this.marks.isMetacopy(this.tree(id), this.ids.node(id));
  }

  /** The node in the layer of `id` that a name of that directory leads to, whatever the layers above and below have. */
  child(id: NodeId, name: Uint8Array): NodeId | undefined {
    const node = this.tree(id).lookup(this.ids.node(id), name);
    return node === undefined ? undefined : this.ids.id(this.ids.layer(id), node);
  }

  /** What `name` is in a directory with these members; undefined where they do not have it, or a whiteout is met first. */
  find(members: readonly NodeId[], name: Uint8Array): NodeId | undefined {
    return this.#find(members, 0, name);
  }

  /** As find, among the members that lie in layers below that of `id`. */
  findBelow(id: NodeId, members: readonly NodeId[], name: Uint8Array): NodeId | undefined {
    return this.#find(members, this.#firstBelow(id, members), name);
  }

  #firstBelow(id: NodeId, members: readonly NodeId[]): number {
    const layer = this.ids.layer(id);
    let at = 0;
    while (at < members.length && this.ids.layer(members[at]!) >= layer) at++;
    return at;
  }

  #find(members: readonly NodeId[], from: number, name: Uint8Array): NodeId | undefined {
    let at = from;
    try {
      for (; at < members.length; at++) {
        const found = this.child(members[at]!, name);
        if (found !== undefined) return this.isWhiteout(found) ? undefined : found;
      }
      return undefined;
    } catch (thrown) {
      return this.#missed(thrown, members, at, name);
    }
  }

  /**
   * `thrown` was met at `id`, before `name` was looked for in the members below it. Where it is a Miss, what these would be asked
   * for next is missed with it.
   */
  missedAbove(thrown: unknown, id: NodeId, members: readonly NodeId[], name: Uint8Array): never {
    return this.#missed(thrown, members, this.#firstBelow(id, members), name);
  }

  #missed(thrown: unknown, members: readonly NodeId[], from: number, name: Uint8Array): never {
    const misses = new Misses();
    misses.add(thrown);
    for (let at = from; at < members.length; at++) {
      misses.look(() => {
        const found = this.child(members[at]!, name);
        if (found === undefined || this.isWhiteout(found)) return;
        this.isOpaque(found);
      });
    }
    return misses.raise();
  }

  /** For people: where a node lies. */
  describe(id: NodeId): string {
    return `${this.#names[this.ids.layer(id)]}: inode ${nidName(this.ids.node(id))}`;
  }

  corrupt(id: NodeId, what: string): ErofsError {
    return corrupt(`${this.describe(id)}: ${what}`, { nid: this.ids.node(id) });
  }
}
