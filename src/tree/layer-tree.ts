/** One of several layers that are merged: its tree, whose damage is told with the layer's name. */
import { ErofsError } from '../erofs-reader/errors.js';
import type { Attr, DecodedBytes, DirEntry, NodeId, ReadonlyTree, StatFs } from './tree.js';

export class LayerTree implements ReadonlyTree {
  readonly root: NodeId;
  readonly #tree: ReadonlyTree;
  readonly #name: string;

  /** `name` is what people call the layer. */
  constructor(tree: ReadonlyTree, name: string) {
    this.root = tree.root;
    this.#tree = tree;
    this.#name = name;
  }

  lookup(parent: NodeId, name: Uint8Array): NodeId | undefined {
    try {
      return this.#tree.lookup(parent, name);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  getattr(node: NodeId): Attr {
    try {
      return this.#tree.getattr(node);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  readlink(node: NodeId): Uint8Array {
    try {
      return this.#tree.readlink(node);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  /** What `emit` throws is not the layer's, and keeps its own words. */
  readdir(node: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void {
    try {
      this.#tree.readdir(node, cookie, emit);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  read(node: NodeId, offset: number, dst: Uint8Array): number {
    try {
      return this.#tree.read(node, offset, dst);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  decodedAround(node: NodeId, offset: number): DecodedBytes | undefined {
    try {
      return this.#tree.decodedAround?.(node, offset);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  seek(node: NodeId, offset: number, what: 'data' | 'hole'): number | undefined {
    try {
      return this.#tree.seek(node, offset, what);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  getxattr(node: NodeId, name: Uint8Array): Uint8Array | undefined {
    try {
      return this.#tree.getxattr(node, name);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  listxattr(node: NodeId): Uint8Array[] {
    try {
      return this.#tree.listxattr(node);
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  statfs(): StatFs {
    try {
      return this.#tree.statfs();
    } catch (thrown) {
      throw this.#named(thrown);
    }
  }

  #named(thrown: unknown): unknown {
    return thrown instanceof ErofsError ? nameLayer(thrown, this.#name) : thrown;
  }
}

const named = new WeakSet<ErofsError>();

/** Once: a directory's emit may look into another layer, whose name stands in the message already. */
export function nameLayer(error: ErofsError, layer: string): ErofsError {
  if (named.has(error) || error.message.startsWith(layer)) return error;
  const told = new ErofsError(error.code, `${layer}: ${error.message}`, error, { cause: error });
  named.add(told);
  return told;
}
