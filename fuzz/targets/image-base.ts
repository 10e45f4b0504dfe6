/** An image as a base: what of it is changed, and which of its nodes are read then. */

import { BlockCache } from '../../src/cache/block-cache.js';
import { BytesSource } from '../../src/cache/bytes-source.js';
import { countedMemory } from '../../src/cache/lru.js';
import { crc32c } from '../../src/erofs-reader/crc32c.js';
import { ErofsImage } from '../../src/erofs-reader/image.js';
import {
  Algorithm,
  FEATURE_COMPAT,
  SUPERBLOCK_OFFSET,
  SUPERBLOCK_SIZE,
} from '../../src/erofs-reader/layout.js';
import { ImageTree } from '../../src/tree/image-tree.js';
import type { NodeId } from '../../src/tree/tree.js';
import type { Random } from '../../test/support/random.js';
import type { Edit } from '../input.js';
import { imagePlaces } from '../mutators/image-places.js';
import { PlaceEditor } from '../mutators/place-editor.js';
import type { Rules } from '../rules.js';
import type { Base } from '../target.js';

/** An image and its extra devices. */
export interface Seed {
  readonly image: Uint8Array;
  readonly devices: readonly Uint8Array[];
}

/** An input in the hands of a target; `nodes` are to be read. */
export type ReadImage = (
  image: Uint8Array,
  devices: readonly Uint8Array[],
  nodes: Iterable<NodeId>,
  edits: readonly Edit[],
  rules: Rules,
) => void;

/** Nodes that are read beside those that were changed: what a changed node is part of shows in others. */
const WITNESSES = 2;
/** Of those that were changed, the last ones. */
const MOST_CHANGED = 4;
const BLOCK_BITS_AT = SUPERBLOCK_OFFSET + 0x0c;
const CHECKSUM_AT = SUPERBLOCK_OFFSET + 0x04;
const COMPAT_AT = SUPERBLOCK_OFFSET + 0x08;
const BLOCK_SIZE = 16 << 10;
const MEMORY = 4 << 20;

export class ImageBase implements Base {
  readonly name: string;
  readonly #load: () => Seed;
  readonly #read: ReadImage;
  #loaded: Loaded | undefined;

  /** `load` is called when the base is used for the first time. */
  constructor(name: string, load: () => Seed, read: ReadImage) {
    this.name = name;
    this.#load = load;
    this.#read = read;
  }

  get isSlow(): boolean {
    return this.#ready().isSlow;
  }

  get bytes(): Uint8Array {
    return this.#ready().image;
  }

  edit(random: Random): Edit {
    return this.#ready().editor.edit(random);
  }

  /** The superblock's checksum, where the image has one and an edit changed what it is of. */
  mend(bytes: Uint8Array, edits: readonly Edit[]): Edit | undefined {
    if (bytes.length < SUPERBLOCK_OFFSET + SUPERBLOCK_SIZE) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (!(view.getUint32(COMPAT_AT, true) & FEATURE_COMPAT.SB_CHKSUM)) return undefined;
    const blockSize = 2 ** Math.min(16, view.getUint8(BLOCK_BITS_AT));
    const end = Math.max(blockSize, SUPERBLOCK_OFFSET + (blockSize > SUPERBLOCK_OFFSET ? 0 : blockSize));
    if (blockSize < SUPERBLOCK_SIZE || !edits.some(({ at }) => at < end)) return undefined;
    const block = bytes.slice(SUPERBLOCK_OFFSET, end);
    block.fill(0, CHECKSUM_AT - SUPERBLOCK_OFFSET, CHECKSUM_AT - SUPERBLOCK_OFFSET + 4);
    const sum = new Uint8Array(4);
    new DataView(sum.buffer).setUint32(0, crc32c(block), true);
    return { at: CHECKSUM_AT, remove: 4, bytes: sum };
  }

  run(bytes: Uint8Array, edits: readonly Edit[], rules: Rules): void {
    const { devices, editor, nodes } = this.#ready();
    const wanted = new Set<NodeId>();
    let mixed = edits.length;
    for (let i = edits.length - 1; i >= 0; i--) {
      const { at, bytes } = edits[i]!;
      const nid = editor.nidAt(at);
      if (nid !== undefined && wanted.size < MOST_CHANGED) wanted.add(nid);
      mixed = (Math.imul(mixed, 31) + at + (bytes[0] ?? 0)) >>> 0;
    }
    for (let i = 0; i < WITNESSES; i++) wanted.add(nodes[(mixed + 7919 * i) % nodes.length]!);
    this.#read(bytes, devices, wanted, edits, rules);
  }

  #ready(): Loaded {
    this.#loaded ??= loaded(this.#load());
    return this.#loaded;
  }
}

interface Loaded extends Seed {
  readonly isSlow: boolean;
  readonly editor: PlaceEditor;
  readonly nodes: readonly NodeId[];
}

function loaded({ image: bytes, devices }: Seed): Loaded {
  const sources = [bytes, ...devices].map((bytes) => ({
    source: new BytesSource(bytes, 'base', 'base'),
    base: 0,
  }));
  const image = new ErofsImage(new BlockCache(sources, MEMORY, BLOCK_SIZE));
  const tree = new ImageTree(image, { report: () => {}, nodes: countedMemory(1024) });
  const places = imagePlaces(image, tree);
  // 20 MB/s where the others have hundreds
  const isSlow = (image.geometry.algorithms & (1 << Algorithm.LZMA)) !== 0;
  const nids = places.map(({ nid }) => nid).filter((nid) => nid !== undefined);
  return {
    image: bytes,
    devices,
    isSlow,
    editor: new PlaceEditor(bytes, places),
    nodes: [tree.root, ...new Set(nids)],
  };
}
