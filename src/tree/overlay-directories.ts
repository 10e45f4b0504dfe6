/**
 * Which directories of the layers are shown as one.
 *
 * LAW: what lies below a directory of a layer depends on that directory alone: on what its own layer and those below say.
 * So the node id of its uppermost member is enough to find all of them again, in any thread; and the members of a directory
 * from the second on are all members of the second.
 */
import type { OverlayLayers } from './overlay-layers.js';
import type { OverlayNames } from './overlay-names.js';
import type { Redirect } from './overlay-redirect.js';
import type { NodeId } from './tree.js';

/** The uppermost first; alone where no layer below has anything to add. */
export type Members = readonly NodeId[];

/** Where a name was found: the members of the directory that has it. */
export interface Place {
  readonly members: Members;
  readonly name: Uint8Array;
}

/** Directories by the node id of their uppermost member. Each may be forgotten at any time. */
export interface DirectoryMemory {
  isKnown(id: NodeId): boolean;
  /** `place` saves finding out where it is. Throws as merge() does where it is not known. */
  members(id: NodeId, place?: Place): Members;
}

/** Names that are looked up to follow one redirect, and those met on its way; legal images stay far below. */
const STEPS = 65_536;
const DEEPEST = 10_000;
const NO_NAME = new Uint8Array(0);

export class OverlayDirectories {
  readonly #layers: OverlayLayers;
  readonly #names: OverlayNames;
  readonly #memory: DirectoryMemory;
  /** redirects that are being followed, each on the way of the one before */
  #following = 0;
  #steps = 0;

  constructor(layers: OverlayLayers, names: OverlayNames, memory: DirectoryMemory) {
    this.#layers = layers;
    this.#names = names;
    this.#memory = memory;
  }

  /**
   * The members of the directory whose uppermost one is `top`, found at `place`; that is found out where it is not given.
   * Throws 'corrupt'. Roots are merged whatever they say of themselves, as overlayfs does.
   */
  merge(top: NodeId, place?: Place): Members {
    if (this.#layers.isRoot(top)) return [top, ...this.#layers.rootsBelow(top)];
    const { members: lower, name } = place ?? this.#placeOf(top);
    return this.#merge(top, lower, name);
  }

  /** Where a redirect leads from the node `from`, which was found among `members`. Throws 'corrupt'. */
  follow(from: NodeId, redirect: Redirect, members: Members): Place {
    const name = redirect.names.at(-1)!;
    if (!redirect.isAbsolute) return { members, name };
    if (this.#following++ === 0) this.#steps = 0;
    try {
      return { members: this.#membersAt(from, redirect.names), name };
    } finally {
      this.#following--;
    }
  }

  /**
   * The directory above, as the merged tree shows it. Where an upper layer has given it another name, that cannot be found from
   * below; then it is that of the layer itself.
   */
  parent(directory: NodeId): NodeId {
    const { ids, roots } = this.#layers;
    const root = roots[0]!;
    if (this.#layers.isRoot(directory)) return root;
    const hidden: NodeId[] = [];
    let shown = this.#names.parentOf(directory);
    while (ids.layer(shown) !== ids.layer(root) && !this.#layers.isRoot(shown)) {
      hidden.push(shown);
      this.#checkDepth(directory, hidden.length);
      shown = this.#names.parentOf(shown);
    }
    if (this.#layers.isRoot(shown)) shown = root;
    for (const own of hidden.reverse()) shown = this.#shownIn(shown, own);
    return shown;
  }

  /** The directory in `parent` that has `own`, of some lower layer, among its members. */
  #shownIn(parent: NodeId, own: NodeId): NodeId {
    const members = this.#memory.members(parent);
    const name = this.#names.nameOf(own, this.#names.parentOf(own));
    const found = this.#layers.find(members, name);
    if (found === undefined || !this.#layers.isDirectory(found)) return own;
    return this.#memory.members(found, { members, name }).includes(own) ? found : own;
  }

  /** As far as the members of a directory that is no root depend on it. */
  #placeOf(directory: NodeId): Place {
    const parent = this.#names.parentOf(directory);
    // from the top down, so that deep trees cost no stack
    for (const above of this.#unknownAbove(parent)) this.#memory.members(above);
    const members = this.#memory.members(parent);
    // where nothing lies below, the name does not matter
    const name = members.length === 1 ? NO_NAME : this.#names.nameOf(directory, parent);
    return { members, name };
  }

  #unknownAbove(directory: NodeId): NodeId[] {
    const unknown: NodeId[] = [];
    let at = directory;
    while (!this.#memory.isKnown(at)) {
      unknown.push(at);
      this.#checkDepth(directory, unknown.length);
      if (this.#layers.isRoot(at)) break;
      at = this.#names.parentOf(at);
    }
    return unknown.reverse();
  }

  #merge(top: NodeId, place: Members, placeName: Uint8Array): Members {
    const layers = this.#layers;
    const members = [top];
    let lower = place;
    let name = placeName;
    for (let at = top; ; ) {
      try {
        if (layers.isOpaque(at)) break;
        const redirect = layers.redirect(at);
        if (redirect !== undefined) ({ members: lower, name } = this.follow(at, redirect, lower));
      } catch (thrown) {
        layers.missedAbove(thrown, at, lower, name);
      }
      const next = layers.findBelow(at, lower, name);
      if (next === undefined || !layers.isDirectory(next)) break;
      members.push(next);
      at = next;
    }
    return members;
  }

  /** The members of the directory in which a path ends that begins at the root of the layers below that of `from`. */
  #membersAt(from: NodeId, path: readonly Uint8Array[]): Members {
    let members = this.#layers.rootsBelow(from);
    for (const name of path.slice(0, -1)) {
      if (++this.#steps > STEPS) {
        throw this.#layers.corrupt(from, `its redirect leads through more than ${STEPS} directories`);
      }
      const found = this.#layers.find(members, name);
      if (found === undefined || !this.#layers.isDirectory(found)) return [];
      members = this.#memory.members(found, { members, name });
    }
    return members;
  }

  /** Damaged images may have directories that lie above one another in a circle. */
  #checkDepth(directory: NodeId, depth: number): void {
    if (depth <= DEEPEST) return;
    throw this.#layers.corrupt(
      directory,
      `more than ${DEEPEST} directories lie above it, or they form a circle`,
    );
  }
}
