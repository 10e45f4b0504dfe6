/** What the extents of files add up to: holes, plain bytes, fragments, and pclusters by algorithm. */
import type { Extent } from '../erofs-reader/extent.js';
import type { Inode } from '../erofs-reader/inode.js';
import { ALGORITHM_NAMES } from '../erofs-reader/layout.js';
import type { OpenedLayer } from '../open.js';
import { extentsOf } from '../report/extents.js';

/** Pclusters of one algorithm: how many, and their bytes before and after decoding. */
export interface AlgorithmTotal {
  pclusters: number;
  encoded_bytes: number;
  decoded_bytes: number;
}

export class ExtentTotals {
  holeBytes = 0;
  plainBytes = 0;
  fragmentBytes = 0;
  /** by algorithm name */
  readonly algorithms: Record<string, AlgorithmTotal> = {};
  /** pclusters counted: those that files share are stored once, and count once */
  readonly #pclusters = new Set<string>();

  /** Adds the extents of a file. Rejects as mapping throws. */
  async add(opened: OpenedLayer, inode: Inode): Promise<void> {
    for await (const extents of extentsOf(opened, inode)) for (const extent of extents) this.#count(extent);
  }

  #count(extent: Extent): void {
    if (extent.kind === 'hole') {
      this.holeBytes += extent.length;
    } else if (extent.kind === 'fragment') {
      this.fragmentBytes += extent.length;
    } else if (extent.kind !== 'coded') {
      this.plainBytes += extent.length;
    } else {
      const place = `${extent.device ?? (extent.inMetabox ? 'metabox' : 0)}:${extent.offset}`;
      if (this.#pclusters.has(place)) return;
      this.#pclusters.add(place);
      const name = ALGORITHM_NAMES[extent.algorithm];
      this.algorithms[name] ??= { pclusters: 0, encoded_bytes: 0, decoded_bytes: 0 };
      const total = this.algorithms[name];
      total.pclusters += 1;
      total.encoded_bytes += extent.encodedLength;
      total.decoded_bytes += extent.length;
    }
  }
}
