/** What one entry of a logical-cluster index says, whichever way it is stored (erofs-format §10.2). */

export interface LclusterIndex {
  /** entries in the index */
  readonly count: number;
  /** byte address behind the index, where an inline pcluster stands */
  readonly end: number;
  /** Reads entry n, 0 <= n < count, into the fields below. Throws 'corrupt', 'truncated', Miss. */
  load(n: number): void;
  /** one of Lcluster */
  type: number;
  /** heads: byte of the lcluster where the extent starts */
  clusterofs: number;
  /** heads: block address of the pcluster */
  block: number;
  /** heads: the pcluster decodes to more than this extent */
  partial: boolean;
  /** NONHEAD: lclusters back to the head, or to a NONHEAD nearer to it */
  delta0: number;
  /** NONHEAD behind the head of a big pcluster: blocks of it; 0 elsewhere */
  blockCount: number;
}
