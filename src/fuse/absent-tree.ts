/** An image of which nothing is here, not even what opening it takes: every question about it has to wait. */
import type { NodeId, ReadonlyTree } from '../tree/tree.js';

const NOTHING_HERE = { miss: true, ranges: [] } as const;

export class AbsentTree implements ReadonlyTree {
  readonly root: NodeId;

  constructor(root: NodeId) {
    this.root = root;
  }

  lookup(): never {
    throw NOTHING_HERE;
  }

  getattr(): never {
    throw NOTHING_HERE;
  }

  readlink(): never {
    throw NOTHING_HERE;
  }

  readdir(): never {
    throw NOTHING_HERE;
  }

  read(): never {
    throw NOTHING_HERE;
  }

  seek(): never {
    throw NOTHING_HERE;
  }

  getxattr(): never {
    throw NOTHING_HERE;
  }

  listxattr(): never {
    throw NOTHING_HERE;
  }

  statfs(): never {
    throw NOTHING_HERE;
  }
}
