/** The 8 bytes in front of a compressed file's index (erofs-format §10.1). */
import { Z_ADVISE } from './layout.js';

export const MAP_HEADER_SIZE = 8;

/** The header, decoded under every reading of it. */
export interface MapHeader {
  /** byte address of the header */
  readonly offset: number;
  readonly advise: number;
  /** algorithm of HEAD1 and of HEAD2 lclusters */
  readonly algorithms: readonly [number, number];
  /** bytes of an lcluster */
  readonly lclusterSize: number;
  /** FRAGMENT_PCLUSTER: low 32 bits of the tail's place in the packed inode */
  readonly fragmentOffset: number;
  /** INLINE_PCLUSTER: encoded bytes of the tail behind the index; 0 where there is none */
  readonly inlineSize: number;
  /** encoded extents of 16 and 32 bytes: their number */
  readonly extentCount: number;
}

/** `view` is the header; `offset` the byte address it was read from. */
export function decodeMapHeader(view: DataView, offset: number, blockSize: number): MapHeader {
  const advise = view.getUint16(4, true);
  const algorithms = view.getUint8(6);
  const hasFragment = (advise & Z_ADVISE.FRAGMENT_PCLUSTER) !== 0;
  const hasInline = (advise & Z_ADVISE.INLINE_PCLUSTER) !== 0 && !hasFragment;
  return {
    offset,
    advise,
    algorithms: [algorithms & 15, algorithms >>> 4],
    lclusterSize: blockSize * 2 ** (view.getUint8(7) & 15),
    fragmentOffset: view.getUint32(0, true),
    inlineSize: hasInline ? view.getUint16(2, true) : 0,
    extentCount: view.getUint16(6, true) * 0x1_0000_0000 + view.getUint32(0, true),
  };
}
