/**
 * A directory of several layers as one listing: each member's names in its own order, the uppermost member first, and a name
 * of a lower one only where no member above has it.
 *
 * LAW: stateless. A cookie is the member's own cookie and the number of the member, so that any thread goes on where
 * another stopped.
 */
import { isMiss } from '../erofs-reader/bytes.js';
import { ErofsError } from '../erofs-reader/errors.js';
import type { Members } from './overlay-directories.js';
import type { OverlayLayers } from './overlay-layers.js';
import { Misses } from './overlay-misses.js';
import { type NameFilter, OverlayNameFilters } from './overlay-name-filter.js';
import { shownInode } from './overlay-node.js';
import type { OverlayNodes } from './overlay-nodes.js';
import { type DirEntry, FileType, isSelfOrParent, type NodeId } from './tree.js';

/** Entries behind the first Miss whose inodes are looked at as well: what they miss is missed together. */
const LOOKED_AHEAD = 512;
const NO_NAME: Uint8Array = new Uint8Array(0);

export interface ListingOptions {
  readonly layers: OverlayLayers;
  readonly nodes: OverlayNodes;
  /** bytes for what is remembered of names that hide others */
  readonly names: number;
  /** told of what is wrong with a name while the listing goes on */
  readonly report: (problem: Error) => void;
}

export class OverlayListings {
  readonly #options: ListingOptions;
  readonly #filters: OverlayNameFilters;

  constructor(options: ListingOptions) {
    this.#options = options;
    this.#filters = new OverlayNameFilters(options.layers, options.names);
  }

  /** As ReadonlyTree.readdir. */
  list(directory: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void {
    const members = this.#options.nodes.members(directory);
    const listing = new Listing(this.#options, directory, members, emit);
    const first = cookie % members.length;
    for (let member = first; member < members.length && !listing.isOver; member++) {
      try {
        // to find out what else is missing, the names above do not matter
        const wantsNames = member > 0 && listing.misses.isEmpty;
        listing.above = wantsNames ? this.#filters.of(directory, members, member) : undefined;
        listing.give(member, member === first ? (cookie - first) / members.length : 0);
      } catch (thrown) {
        listing.misses.add(thrown);
      }
    }
    if (!listing.misses.isEmpty) listing.misses.raise();
  }
}

/** One call of readdir. */
class Listing {
  /** enough was given, or missed */
  isOver = false;
  /** the names of the members above the present one, where there are any; without it no name is hidden */
  above: NameFilter | undefined;
  readonly misses = new Misses();
  readonly #options: ListingOptions;
  readonly #id: NodeId;
  readonly #members: Members;
  readonly #emit: (entry: DirEntry) => boolean;
  readonly #place: { readonly members: Members; name: Uint8Array };
  readonly #entry = { name: NO_NAME, node: 0, ino: 0, type: FileType.unknown as FileType, cookie: 0 };
  #member = 0;
  #layer = 0;
  #lookedAhead = 0;

  constructor(
    options: ListingOptions,
    directory: NodeId,
    members: Members,
    emit: (entry: DirEntry) => boolean,
  ) {
    this.#options = options;
    this.#id = directory;
    this.#members = members;
    this.#emit = emit;
    this.#place = { members, name: NO_NAME };
  }

  /** The entries of one member behind its own cookie. */
  give(member: number, cookie: number): void {
    const { layers, nodes } = this.#options;
    const id = this.#members[member]!;
    this.#member = member;
    this.#layer = layers.ids.layer(id);
    try {
      layers.tree(id).readdir(layers.ids.node(id), cookie, this.#next);
    } finally {
      nodes.list(undefined, undefined);
    }
  }

  readonly #next = (own: DirEntry): boolean => {
    try {
      if (this.#leavesOut(own)) return true;
    } catch (thrown) {
      this.misses.add(thrown);
    }
    if (!this.misses.isEmpty) {
      this.isOver = ++this.#lookedAhead > LOOKED_AHEAD;
      return !this.isOver;
    }
    const entry = this.#entry;
    entry.name = own.name;
    entry.ino = shownInode(entry.node);
    entry.type = own.type;
    entry.cookie = this.#cookie(own.cookie);
    this.#place.name = own.name;
    this.#options.nodes.list(entry.node, this.#place);
    this.isOver = !this.#emit(entry);
    return !this.isOver;
  };

  /** Whether an entry of the present member is not shown; finds out the node it is shown as. */
  #leavesOut({ name, node, type }: DirEntry): boolean {
    const { layers } = this.#options;
    if (isSelfOrParent(name)) {
      if (this.#member > 0) return true;
      this.#entry.node = name.length === 1 ? this.#id : this.#parent(node);
      return false;
    }
    this.#entry.node = layers.ids.id(this.#layer, node);
    return this.#isHidden(name) || this.#isWhiteout(this.#entry.node, type);
  }

  /** What ".." leads to; to the `own` of the layer where that is all that can be told. */
  #parent(own: NodeId): NodeId {
    const { layers, nodes, report } = this.#options;
    try {
      return nodes.directories.parent(this.#id);
    } catch (problem) {
      if (isMiss(problem)) throw problem;
      report(problem as Error);
      return layers.ids.id(this.#layer, own);
    }
  }

  /** Whether a member above has the name, as a whiteout or otherwise. */
  #isHidden(name: Uint8Array): boolean {
    if (this.above?.mayHave(name, this.#member) !== true) return false;
    for (let above = 0; above < this.#member; above++) {
      if (this.#options.layers.child(this.#members[above]!, name) !== undefined) return true;
    }
    return false;
  }

  #isWhiteout(id: NodeId, type: FileType): boolean {
    if (type !== FileType.character && type !== FileType.regular && type !== FileType.unknown) return false;
    try {
      return this.#options.layers.isWhiteout(id);
    } catch (problem) {
      if (isMiss(problem)) throw problem;
      // One bad inode must not cost the listing; whoever uses the name is told what is wrong with it.
      this.#options.report(problem as Error);
      return false;
    }
  }

  #cookie(own: number): number {
    const cookie = own * this.#members.length + this.#member;
    if (Number.isSafeInteger(cookie)) return cookie;
    throw new ErofsError(
      'unsupported',
      `${this.#options.layers.describe(this.#id)}: position ${own} in a directory of ${this.#members.length} layers is too large to be told`,
    );
  }
}
