/** An image, or several merged, as a side. */
import { ContentError, PIECE_SIZE, type Xattr, xattrsOf } from '../commands/content.js';
import { type Batch, namesAfter } from '../commands/names.js';
import { joinPath, startAt } from '../commands/walk.js';
import type { OpenedImage } from '../open.js';
import { ObjectsTree } from '../tree/objects-tree.js';
import type { NodeId } from '../tree/tree.js';
import { type Side, type SideEntry, sortByName } from './side.js';

export class ImageSide implements Side<NodeId> {
  readonly #opened: OpenedImage;
  readonly #buffer = new Uint8Array(PIECE_SIZE);

  constructor(opened: OpenedImage) {
    this.#opened = opened;
  }

  async top(): Promise<SideEntry<NodeId>> {
    const { tree } = this.#opened;
    return { ...(await startAt(this.#opened, tree.root)), handle: tree.root };
  }

  async content(
    directory: SideEntry<NodeId>,
    problem: (path: Uint8Array, error: unknown) => void,
  ): Promise<SideEntry<NodeId>[]> {
    const entries: SideEntry<NodeId>[] = [];
    for (let cookie: number | undefined = 0; cookie !== undefined; ) {
      const batch: Batch = await namesAfter(this.#opened, directory.handle, cookie);
      for (const { name, node } of batch.names) {
        const path = joinPath(directory.path, name);
        try {
          const attr = await this.#opened.run(() => this.#opened.tree.getattr(node));
          entries.push({ path, name, attr, handle: node });
        } catch (error) {
          problem(path, error);
        }
      }
      cookie = batch.next;
    }
    return sortByName(entries);
  }

  async target({ handle }: SideEntry<NodeId>): Promise<Uint8Array> {
    return this.#opened.run(() => Uint8Array.from(this.#opened.tree.readlink(handle)));
  }

  xattrs({ handle }: SideEntry<NodeId>): Promise<Xattr[]> {
    return xattrsOf(this.#opened, handle);
  }

  /** The same inode of the same image, or an object with the same digest. */
  async mark({ handle }: SideEntry<NodeId>): Promise<string | undefined> {
    const { layer, node } = this.#opened.origin(handle);
    const { tree, name } = layer;
    if (!(tree instanceof ObjectsTree)) return `inode ${node} of ${name}`;
    const place = await layer.run(() => tree.placeOf(node));
    if (place === 'image') return `inode ${node} of ${name}`;
    const { digest } = place;
    return digest && `object ${digest.algorithm}:${Buffer.from(digest.bytes).toString('hex')}`;
  }

  async *pieces({ handle, attr }: SideEntry<NodeId>): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < attr.size; ) {
      const at = offset;
      const piece = this.#buffer.subarray(0, Math.min(PIECE_SIZE, attr.size - at));
      let filled: number;
      try {
        filled = await this.#opened.run(() => this.#opened.tree.read(handle, at, piece));
      } catch (error) {
        throw new ContentError(at, error);
      }
      if (filled === 0) return;
      yield piece.subarray(0, filled);
      offset += filled;
    }
  }
}
