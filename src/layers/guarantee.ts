/** How far the bytes of a layer are held against what its image says of them. */

/**
 * - `none`         not at all
 * - `digest`       all of them at once, as soon as all are here; a layer that has to be unpacked, before the first is read
 * - `chunk-index`  each chunk before it is kept, against an index that the manifest pins
 * - `dm-verity`    each block whenever it is read, against a root hash that the manifest pins
 * - `signed`       the same, and the root hash is signed by a certificate that the user pins
 */
export type Guarantee = 'none' | 'digest' | 'chunk-index' | 'dm-verity' | 'signed';

const TEXTS: Readonly<Record<Guarantee, string>> = {
  none: 'not verified',
  digest: 'verified against its digest once all of it is here',
  'chunk-index': 'each chunk verified before it is kept, by a chunk index that the manifest pins',
  'dm-verity': 'each block verified when it is read, by a dm-verity root hash that the manifest pins',
  signed: 'each block verified when it is read, by a dm-verity root hash with a signature that is trusted',
};

export const guaranteeText = (guarantee: Guarantee): string => TEXTS[guarantee];
