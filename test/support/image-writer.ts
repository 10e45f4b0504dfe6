/**
 * EROFS images that no mkfs makes: a declaration of the tree becomes bytes, on disk as sparse as in memory.
 *
 *     const shared = xattr(XattrIndex.user, 'colour', 'blue', true);
 *     const image = writeImage({
 *       label: 'example',
 *       root: directory({
 *         'a.txt': file('text', { xattrs: [shared], uid: 100_000 }),
 *         big: file(flatSparse(2 ** 41, 2 ** 20, { 0: 'first', [2 ** 40]: 'middle' })),
 *         sub: directory({ link: symlink('../a.txt') }),
 *       }),
 *     });
 *     image.save(path);                                  // or openSources([image.bytes.source()], {})
 *
 * The shape: image-writer-superblock.ts says what an image is told (SuperblockSpec), image-writer-node.ts what a
 * node is (directory, file, symlink, device, fifo), image-writer-body.ts how data lies (flat, inline, hole, chunked,
 * encoded, raw), image-writer-xattr.ts xattrs. Feature bits, nids, block addresses, nlink, directory blocks, the name
 * filter and the checksum come by themselves; nearly each can be given instead, and `patch` of a node and of the
 * superblock has the last word, so that damage is declared where it belongs.
 *
 * Where things lie: header, then metadata (inodes, the shared xattrs behind them) and last the data. What is declared
 * to lie elsewhere (`nid`, `block`, `offset`) lies there; the writer does not look for collisions.
 */
import { METABOX_NID, roundUp } from '../../src/erofs-reader/bytes.js';
import { FEATURE_COMPAT, FEATURE_INCOMPAT, INODE_UNIT, Layout } from '../../src/erofs-reader/layout.js';
import { type Body, flat, type Piece } from './image-writer-body.js';
import { type Draft, draftsBelow, leafDraft, type Placed } from './image-writer-draft.js';
import { inodeBytes, inodeSize } from './image-writer-inode.js';
import { file, type NodeSpec } from './image-writer-node.js';
import { SparseBytes } from './image-writer-sparse.js';
import {
  type HeaderPlan,
  incompatOf,
  planHeader,
  type SuperblockSpec,
  writeHeader,
} from './image-writer-superblock.js';
import {
  bodySize,
  encodeBody,
  nameFilter,
  type PrefixSpec,
  prefixTable,
  SharedArea,
} from './image-writer-xattr.js';

export interface ImageSpec extends SuperblockSpec {
  readonly root: NodeSpec;
  /** where nid 0 lies, in blocks; 0 unless given */
  readonly metaBlock?: number;
  /** data of the packed inode, which is made where this or `prefixes` asks for it; a body without `prefixes` there */
  readonly packed?: Uint8Array | Body;
  /** bytes at places that no node tells; written after all else but the header */
  readonly data?: readonly Piece[];
  /** the metabox inode's nid; the next free one unless given */
  readonly metaboxAtNid?: number;
  /** the shared xattrs lie in the metabox */
  readonly sharedInMetabox?: boolean;
  /** XATTR_FILTER: the filter words of inodes may be believed */
  readonly nameFilter?: boolean;
  /** long xattr name prefixes, and what their offset counts in; `image` is `absolute` without its feature bit */
  readonly prefixes?: {
    readonly in: 'absolute' | 'image' | 'packed' | 'metabox';
    readonly table: readonly PrefixSpec[];
  };
}

export interface WrittenImage {
  readonly bytes: SparseBytes;
  readonly blockSize: number;
  /** byte address of shared xattr id 0, in the image or in the metabox's data */
  readonly sharedOffset: number;
  /** as the reader says it */
  nid(node: NodeSpec): number;
  /** byte address of a node's inode, in the image or in the metabox's data */
  offset(node: NodeSpec): number;
  save(path: string): void;
}

export function writeImage(spec: ImageSpec): WrittenImage {
  return new Writer(spec);
}

/** Inodes one behind the other, each with what is attached to it: the image itself, or the metabox's data. */
interface Stream {
  readonly bytes: SparseBytes;
  /** byte address of nid 0 */
  readonly base: number;
  /** byte address of the next inode */
  cursor: number;
}

class Writer implements WrittenImage {
  readonly bytes = new SparseBytes();
  readonly blockSize: number;
  sharedOffset = 0;
  readonly #spec: ImageSpec;
  readonly #drafts = new Map<NodeSpec, Draft>();
  readonly #plain: Stream;
  readonly #metabox: Stream = { bytes: new SparseBytes(), base: 0, cursor: 0 };
  readonly #shared = new SharedArea();
  readonly #plan: HeaderPlan;
  /** where the table of long prefixes stands, in bytes of what its offset counts in */
  #prefixesAt = 0;
  readonly #packedNode: NodeSpec | undefined;
  readonly #metaboxNode: NodeSpec | undefined;
  /** byte address of the next free block for data */
  #data: number;

  constructor(spec: ImageSpec) {
    this.#spec = spec;
    this.blockSize = 2 ** (spec.blockBits ?? 12);
    const drafts = draftsBelow(spec.root, this.blockSize);
    for (const draft of drafts) this.#drafts.set(draft.node, draft);
    for (const { node } of drafts) {
      for (const one of node.xattrs ?? []) if (one.shared) this.#shared.id(one);
    }
    const prefixes = prefixTable(spec.prefixes?.table ?? []);
    const where = spec.prefixes?.in;
    const inHeader = where === 'absolute' || where === 'image' ? prefixes : new Uint8Array(0);
    const hasMetabox =
      where === 'metabox' || spec.sharedInMetabox === true || drafts.some(({ node }) => node.metabox);
    this.#plan = planHeader(spec, hasMetabox, inHeader.length);
    this.bytes.write(this.#plan.prefixes, inHeader);
    this.#prefixesAt = this.#plan.prefixes;

    for (const draft of drafts) if (draft.node.metabox) this.#place(draft, this.#metabox);
    if (spec.sharedInMetabox) this.sharedOffset = this.#append(this.#metabox, this.#shared.bytes());
    if (where === 'metabox') this.#prefixesAt = this.#append(this.#metabox, prefixes);

    const base = (spec.metaBlock ?? 0) * this.blockSize;
    // nid 0 is left free: packed_nid 0 and rootnid_8b 0 mean that there is none
    const first = base === 0 ? roundUp(this.#plan.end, INODE_UNIT) : base + INODE_UNIT;
    this.#plain = { bytes: this.bytes, base, cursor: first };
    for (const draft of drafts) if (!draft.node.metabox) this.#place(draft, this.#plain);
    let { packed } = spec;
    if (where === 'packed') {
      const data = packed instanceof Uint8Array ? packed : new Uint8Array(0);
      this.#prefixesAt = roundUp(data.length, 4);
      packed = joined(data, prefixes, this.#prefixesAt);
    }
    this.#packedNode = packed && this.#special(packed);
    const metabox = new Uint8Array(this.#metabox.cursor);
    this.#metaboxNode = hasMetabox ? this.#special(metabox, spec.metaboxAtNid) : undefined;
    if (!spec.sharedInMetabox) this.sharedOffset = this.#append(this.#plain, this.#shared.bytes());
    this.#data = roundUp(this.#plain.cursor, this.blockSize);

    for (const draft of drafts) draft.fill((target) => this.#nidOf(target));
    for (const draft of drafts) if (draft.node.metabox) this.#write(draft, this.#metabox);
    this.#metabox.bytes.read(metabox, 0);
    for (const draft of this.#drafts.values()) if (!draft.node.metabox) this.#write(draft, this.#plain);
    for (const { offset, bytes } of spec.data ?? []) this.bytes.write(offset ?? this.#data, bytes);
    this.#writeHeader();
  }

  #writeHeader(): void {
    const { root, prefixes, blocks: told, ...spec } = this.#spec;
    const blocks = told ?? Math.ceil(this.bytes.size / this.blockSize);
    this.bytes.size = Math.max(this.bytes.size, blocks * this.blockSize);
    const drafts = [...this.#drafts.values()];
    const hasChunks = drafts.some(({ body }) => body.layout === Layout.CHUNK_BASED);
    writeHeader(this.bytes, spec, this.#plan, {
      featureCompat:
        (spec.featureCompat ?? 0) |
        FEATURE_COMPAT.MTIME |
        (spec.nameFilter ? FEATURE_COMPAT.XATTR_FILTER : 0) |
        (spec.sharedInMetabox ? FEATURE_COMPAT.SHARED_EA_IN_METABOX : 0) |
        (prefixes?.in === 'absolute' ? FEATURE_COMPAT.PLAIN_XATTR_PFX : 0),
      featureIncompat: incompatOf(
        spec,
        (hasChunks ? FEATURE_INCOMPAT.CHUNKED_FILE : 0) |
          (this.#packedNode ? FEATURE_INCOMPAT.FRAGMENTS : 0) |
          (prefixes ? FEATURE_INCOMPAT.XATTR_PREFIXES : 0) |
          (this.#metaboxNode ? FEATURE_INCOMPAT.METABOX : 0),
      ),
      blocks,
      inodes: drafts.length,
      metaBlock: this.#plain.base / this.blockSize,
      xattrBlock: this.sharedOffset / this.blockSize,
      rootNid: this.#nidOf(root),
      packedNid: this.#packedNode ? this.#nidOf(this.#packedNode) : 0n,
      metaboxNid: this.#metaboxNode && this.#nidOf(this.#metaboxNode),
      prefixCount: prefixes?.table.length ?? 0,
      prefixStart: prefixes === undefined ? 0 : this.#prefixesAt / 4,
    });
  }

  nid(node: NodeSpec): number {
    const { base } = node.metabox ? this.#metabox : this.#plain;
    return (this.offset(node) - base) / INODE_UNIT + (node.metabox ? METABOX_NID : 0);
  }

  offset(node: NodeSpec): number {
    return this.#drafts.get(node)!.offset;
  }

  save(path: string): void {
    this.bytes.save(path);
  }

  /** As it stands on disk: a u64 whose bit 63 says "in the metabox". */
  #nidOf(target: Placed): bigint {
    if ('toNid' in target) return target.toNid;
    const nid = this.nid(target);
    return nid >= METABOX_NID ? (1n << 63n) | BigInt(nid - METABOX_NID) : BigInt(nid);
  }

  /** An inode that no name leads to. */
  #special(data: Uint8Array | Body, nid?: number): NodeSpec {
    const body = data instanceof Uint8Array ? flat(data) : data;
    const node = file(body, nid === undefined ? {} : { nid });
    const draft = leafDraft(node, 1);
    this.#drafts.set(node, draft);
    this.#place(draft, this.#plain);
    return node;
  }

  /** Bytes at the next block border; returns where. */
  #append(stream: Stream, bytes: Uint8Array): number {
    const offset = roundUp(stream.cursor, this.blockSize);
    stream.bytes.write(offset, bytes);
    stream.cursor = roundUp(offset + bytes.length, INODE_UNIT);
    return offset;
  }

  #place(draft: Draft, stream: Stream): void {
    const { node, body } = draft;
    if (node.nid !== undefined) {
      draft.offset = stream.base + node.nid * INODE_UNIT;
      return;
    }
    const size = (offset: number): number => body.attachedSize(this.#end(node, offset), this.blockSize);
    if (body.inOneBlock) {
      const limit = stream.cursor + this.blockSize;
      while ((this.#end(node, stream.cursor) % this.blockSize) + size(stream.cursor) > this.blockSize) {
        stream.cursor += INODE_UNIT;
        if (stream.cursor > limit) throw new Error('an inline tail fits in no block behind its inode');
      }
    }
    draft.offset = stream.cursor;
    stream.cursor = roundUp(this.#end(node, draft.offset) + size(draft.offset), INODE_UNIT);
  }

  /** The byte behind an inode and its xattrs. */
  #end(node: NodeSpec, offset: number): number {
    return offset + inodeSize(node) + bodySize(node.xattrs ?? []);
  }

  #write({ node, body, nlink, offset }: Draft, stream: Stream): void {
    const { blockSize } = this;
    const xattrs = node.xattrs ?? [];
    const offsets = body.pieces(blockSize).map((piece) => {
      const at = piece.offset ?? this.#data;
      if (piece.offset === undefined) this.#data = roundUp(at + piece.bytes.length, blockSize);
      this.bytes.write(at, piece.bytes);
      return at;
    });
    const end = this.#end(node, offset);
    const placement = { end, offsets, blockSize };
    const number = Math.floor(offset / INODE_UNIT) % 0x1_0000_0000;
    const address = body.address(placement);
    const xattrSize = bodySize(xattrs);
    stream.bytes.write(offset, inodeBytes(node, { body, address, nlink, xattrSize, number }));
    if (xattrs.length > 0) {
      const filter = node.nameFilter ?? nameFilter(xattrs, this.#spec.prefixes?.table ?? []);
      const bytes = encodeBody(xattrs, filter, (one) => this.#shared.id(one));
      stream.bytes.write(end - xattrSize, bytes);
    }
    stream.bytes.write(end, body.attached(placement));
  }
}

/** The prefix table at `start` behind the packed inode's other data. */
function joined(packed: Uint8Array, prefixes: Uint8Array, start: number): Uint8Array {
  const bytes = new Uint8Array(start + prefixes.length);
  bytes.set(packed);
  bytes.set(prefixes, start);
  return bytes;
}
