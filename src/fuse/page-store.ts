/**
 * Pages that the kernel is given before it asks for them (FUSE_NOTIFY_STORE): what was decoded together with the bytes of a
 * small read, and the small files that come next in a directory whose files are read in their order.
 *
 * LAW: a page may be locked until another request is answered, and giving it then waits. So all pumps but one may give pages
 * at a time: the one that is left answers. Only bytes that a read of the same node gives are ever stored.
 */
import { writeSync, writevSync } from 'node:fs';
import type { NodeId, ReadonlyTree } from '../tree/tree.js';
import { NOT_LISTED } from './listings.js';
import { writeNodeId } from './node-id.js';
import { LITTLE_ENDIAN, NOTIFY_STORE, writeU64 } from './protocol.js';
import type { SharedState } from './shared-state.js';

/** fuse_out_header and fuse_notify_store_out */
const HEADER_SIZE = 40;
const PAGE_SIZE = 4096;
/** A read of more is a scan, for which the kernel reads ahead by itself. */
const SMALL_READ = 32 << 10;
/** A file of more is not given whole. */
export const SMALL_FILE = 128 << 10;

export class PageStore {
  readonly #descriptor: number;
  readonly #tree: ReadonlyTree;
  readonly #state: SharedState;
  readonly #message = new Uint8Array(HEADER_SIZE + SMALL_FILE);
  readonly #header = this.#message.subarray(0, HEADER_SIZE);
  readonly #view = new DataView(this.#message.buffer);

  constructor(descriptor: number, tree: ReadonlyTree, state: SharedState) {
    this.#descriptor = descriptor;
    this.#tree = tree;
    this.#state = state;
  }

  /** A read has been answered. */
  afterRead(node: NodeId, offset: number, length: number): void {
    const next = offset === 0 ? this.#state.listings.follow(node) : NOT_LISTED;
    if (length > SMALL_READ && next === NOT_LISTED) return;
    if (!this.#state.startGiving()) return;
    try {
      if (length <= SMALL_READ) this.#giveDecoded(node, offset);
      if (next !== NOT_LISTED) this.#giveNext(next);
    } catch {
      // Whoever reads them meets the error, and is told.
    }
    this.#state.stopGiving();
  }

  #giveDecoded(node: NodeId, offset: number): void {
    const decoded = this.#tree.decodedAround?.(node, offset);
    if (decoded === undefined) return;
    const end = decoded.offset + decoded.bytes.length;
    const first = Math.ceil(decoded.offset / PAGE_SIZE) * PAGE_SIZE;
    const last = decoded.isEnd ? end : Math.floor(end / PAGE_SIZE) * PAGE_SIZE;
    if (last <= first) return;
    this.#writeHeader(node, first, last - first);
    writevSync(this.#descriptor, [
      this.#header,
      decoded.bytes.subarray(first - decoded.offset, last - decoded.offset),
    ]);
  }

  #giveNext(place: number): void {
    for (;;) {
      const node = this.#state.listings.take(place);
      if (node === undefined) return;
      this.#giveFile(node);
    }
  }

  #giveFile(node: NodeId): void {
    const { size } = this.#tree.getattr(node);
    if (size === 0 || size > SMALL_FILE) return;
    const bytes = this.#message.subarray(HEADER_SIZE, HEADER_SIZE + size);
    if (this.#tree.read(node, 0, bytes) !== size) return;
    this.#writeHeader(node, 0, size);
    writeSync(this.#descriptor, this.#message, 0, HEADER_SIZE + size);
  }

  #writeHeader(node: NodeId, offset: number, length: number): void {
    const view = this.#view;
    view.setUint32(0, HEADER_SIZE + length, LITTLE_ENDIAN);
    view.setInt32(4, NOTIFY_STORE, LITTLE_ENDIAN);
    writeU64(view, 8, 0);
    writeNodeId(view, 16, node, this.#tree.root);
    writeU64(view, 24, offset);
    view.setUint32(32, length, LITTLE_ENDIAN);
    view.setUint32(36, 0, LITTLE_ENDIAN);
  }
}
