/** Compressed files of images to be written: the full lcluster index (erofs-format §10.1, §10.3), entry by entry. */

import { roundUp } from '../../src/erofs-reader/bytes.js';
import { Layout, Lcluster, PARTIAL_REF } from '../../src/erofs-reader/layout.js';
import type { Body } from './image-writer-body.js';

/** One entry as it stands on disk; which fields count is said by `type`, one of Lcluster. */
export interface LclusterEntry {
  readonly type: number;
  /** heads: byte of the lcluster where the extent starts */
  readonly clusterofs?: number;
  /** heads: block address of the pcluster; the writer finds blocks where `encoded` is given instead */
  readonly block?: number;
  readonly encoded?: Uint8Array;
  readonly partial?: boolean;
  /** NONHEAD: lclusters back to the head */
  readonly delta0?: number;
  readonly delta1?: number;
}

export interface IndexedSpec {
  readonly size: number;
  /** of HEAD1 and, four bits higher, of HEAD2 */
  readonly algorithms?: number;
  readonly advise?: number;
  /** log2 (lcluster size / block size) */
  readonly lclusterBits?: number;
  /** the first four bytes: where a fragment starts, or in the upper two the size of an inline pcluster */
  readonly fragmentOffset?: number;
  readonly entries: readonly LclusterEntry[];
}

const HEADER_SIZE = 16;
const ENTRY_SIZE = 8;

/** COMPRESSED_FULL with an index of one entry an lcluster. */
export function indexed(spec: IndexedSpec): Body {
  const { size, algorithms = 0, advise = 0, lclusterBits = 0, fragmentOffset = 0, entries } = spec;
  const attachedSize = (end: number): number =>
    roundUp(end, 8) - end + HEADER_SIZE + ENTRY_SIZE * entries.length;
  return {
    layout: Layout.COMPRESSED_FULL,
    size,
    pieces: () => entries.flatMap(({ encoded }) => (encoded === undefined ? [] : [{ bytes: encoded }])),
    attachedSize,
    address: () => entries.length,
    attached: ({ end, offsets, blockSize }) => {
      const view = new DataView(new ArrayBuffer(attachedSize(end)));
      const header = roundUp(end, 8) - end;
      view.setUint32(header, fragmentOffset, true);
      view.setUint16(header + 4, advise, true);
      view.setUint8(header + 6, algorithms);
      view.setUint8(header + 7, lclusterBits);
      let piece = 0;
      for (const [n, entry] of entries.entries()) {
        const at = header + HEADER_SIZE + ENTRY_SIZE * n;
        view.setUint16(at, entry.type | (entry.partial ? PARTIAL_REF : 0), true);
        view.setUint16(at + 2, entry.clusterofs ?? 0, true);
        if (entry.type === Lcluster.NONHEAD) {
          view.setUint16(at + 4, entry.delta0 ?? 0, true);
          view.setUint16(at + 6, entry.delta1 ?? 0, true);
        } else {
          const block = entry.encoded === undefined ? (entry.block ?? 0) : offsets[piece++]! / blockSize;
          view.setUint32(at + 4, block, true);
        }
      }
      return new Uint8Array(view.buffer);
    },
  };
}
