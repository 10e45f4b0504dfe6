/**
 * All that `ls -lR` and `getfattr -R` look at: inodes, extended attributes, link targets and directories, breadth first, so that what
 * lies near the root comes first. What lies together is fetched together, many directories at a time.
 */
import type { MissedRange } from '../erofs-reader/bytes.js';
import { S_IFDIR, S_IFLNK, S_IFMT } from '../erofs-reader/layout.js';
import { type FileType, isSelfOrParent, type NodeId } from '../tree/tree.js';
import { Allowance } from './allowance.js';
import { BackgroundReader } from './background-reader.js';
import { dataRanges } from './data-ranges.js';
import type { RemoteImage, RemoteLayer } from './remote-image.js';

/** Directories whose content is fetched together. */
const DIRECTORIES_AT_ONCE = 256;
/** Names of each that are looked at together. */
const NAMES_AT_ONCE = 256;
/** Directories that are remembered, in about 16 MiB; the content of others is fetched when it is read. */
const DIRECTORIES_MET = 2 ** 18;

/** Where to go on in a directory. */
interface Place {
  readonly node: NodeId;
  readonly cookie: number;
}

interface Found {
  readonly node: NodeId;
  /** it is a directory, or may be one */
  readonly mayLead: boolean;
}

/** Of all layers, the topmost first, as what is seen of it counts. Rejects with RemoteError, or the signal's reason. Damaged directories and inodes are left out. */
export async function prefetchMetadata(image: RemoteImage, signal?: AbortSignal): Promise<void> {
  for (const layer of image.layers.toReversed()) {
    await prefetchMetadataBelow(image, layer, layer.tree.root, signal);
  }
}

/** Of `start` and all below it in one layer. Rejects as prefetchMetadata does. */
export async function prefetchMetadataBelow(
  image: RemoteImage,
  layer: RemoteLayer,
  start: NodeId,
  signal?: AbortSignal,
): Promise<void> {
  const walk = new MetadataWalk(image, layer, signal);
  for (let level = await walk.attributes([start]); level.length > 0; ) {
    const below: NodeId[] = [];
    for (let at = 0; at < level.length; at += DIRECTORIES_AT_ONCE) {
      for (const node of await walk.content(level.slice(at, at + DIRECTORIES_AT_ONCE))) below.push(node);
    }
    level = below;
  }
}

class MetadataWalk {
  readonly #layer: RemoteLayer;
  readonly #reader: BackgroundReader;
  readonly #allowance: Allowance;
  /** a directory that an image has in two places is entered once */
  readonly #met = new Set<NodeId>();

  constructor(image: RemoteImage, layer: RemoteLayer, signal: AbortSignal | undefined) {
    this.#layer = layer;
    this.#allowance = new Allowance();
    this.#reader = new BackgroundReader(image, signal);
  }

  /**
   * Gets what stat, readlink and listxattr give of nodes, and returns the directories among them that are new. With an allowance,
   * those of which that costs more are left to who asks for them.
   */
  async attributes(nodes: readonly NodeId[], allowance?: Allowance): Promise<NodeId[]> {
    const { tree } = this.#layer;
    const directories: NodeId[] = [];
    const look = (node: NodeId) => {
      const type = tree.getattr(node).mode & S_IFMT;
      if (type === S_IFLNK) tree.readlink(node);
      tree.listxattr(node);
      if (type !== S_IFDIR || this.#met.has(node) || this.#met.size === DIRECTORIES_MET) return;
      this.#met.add(node);
      directories.push(node);
    };
    await this.#reader.runAll(nodes, look, allowance);
    return directories;
  }

  /** Gets the names in directories and the attributes of what they name; returns the directories as attributes() does. */
  async content(directories: readonly NodeId[]): Promise<NodeId[]> {
    await this.#fetchData(directories);
    const below: NodeId[] = [];
    let places: Place[] = directories.map((node) => ({ node, cookie: 0 }));
    while (places.length > 0) {
      const nodes: NodeId[] = [];
      const leaves: NodeId[] = [];
      const rest: Place[] = [];
      await this.#reader.runAll(places, (place) => {
        const { found, next } = this.#list(place);
        for (const { node, mayLead } of found) (mayLead ? nodes : leaves).push(node);
        if (next !== undefined) rest.push({ node: place.node, cookie: next });
      });
      for (const node of await this.attributes(nodes)) below.push(node);
      await this.attributes(leaves, this.#allowance);
      places = rest;
    }
    return below;
  }

  /** All blocks of all of them in one go: a listing would miss them one after the other. */
  async #fetchData(directories: readonly NodeId[]): Promise<void> {
    const { image } = this.#layer;
    const ranges: MissedRange[] = [];
    await this.#reader.runAll(directories, (node) => {
      for (const range of dataRanges(image, node, 0, Number.MAX_SAFE_INTEGER)) ranges.push(range);
    });
    await this.#reader.fetch(ranges);
  }

  #list({ node, cookie }: Place): { readonly found: Found[]; readonly next: number | undefined } {
    const found: Found[] = [];
    let last = cookie;
    let count = 0;
    this.#layer.tree.readdir(node, cookie, (entry) => {
      if (count === NAMES_AT_ONCE) return false;
      count++;
      last = entry.cookie;
      if (!isSelfOrParent(entry.name)) found.push({ node: entry.node, mayLead: mayLeadOn(entry.type) });
      return true;
    });
    return { found, next: count === NAMES_AT_ONCE ? last : undefined };
  }
}

const UNKNOWN: FileType = 0;
const DIRECTORY: FileType = 2;

const mayLeadOn = (type: FileType): boolean => type === DIRECTORY || type === UNKNOWN;
