/** One check of one image: what it works on, and what was learnt of the image so far. */
import { ErofsError } from '../erofs-reader/errors.js';
import type { ErofsImage } from '../erofs-reader/image.js';
import type { XattrPrefix } from '../erofs-reader/xattr-prefix.js';
import type { OpenedImage } from '../open.js';
import type { FindingCode, Findings, Place, Subject } from './finding.js';
import { isProofOfDamage } from './integrity.js';
import { RangeLedger } from './range-ledger.js';

/** An inode that a name led to. */
export interface KnownInode {
  /** where it was met first */
  readonly place: Place;
  readonly mode: number;
  readonly nlink: number;
  /** names that lead to it, "." and ".." left out */
  names: number;
  /** directories: those right below */
  subdirectories: number;
}

/** What was looked at. */
export interface Totals {
  inodes: number;
  directories: number;
  xattrs: number;
  extents: number;
  pclusters: number;
  /** bytes that pclusters were decoded to */
  decodedBytes: number;
}

/** How far a check is. */
export interface CheckProgress {
  readonly totals: Totals;
  /** bytes that were held against their proofs */
  readonly provenBytes: number;
}

/** Compressed metadata that claims to be more than so many times the image is believed no further. */
export const METADATA_EXPANSION = 64;

export class Session implements CheckProgress {
  readonly opened: OpenedImage;
  readonly image: ErofsImage;
  readonly findings: Findings;
  readonly totals: Totals = {
    inodes: 0,
    directories: 0,
    xattrs: 0,
    extents: 0,
    pclusters: 0,
    decodedBytes: 0,
  };
  provenBytes = 0;
  /** by nid: no inode is checked twice, no directory entered twice */
  readonly inodes = new Map<number, KnownInode>();
  /** the long ones, by number; none where their table cannot be read */
  xattrPrefixes: readonly XattrPrefix[] = [];
  /** what lies where on the devices */
  readonly ranges = new RangeLedger();
  /** false once a name or an inode could not be read: then links were not all counted, and counts prove nothing */
  isComplete = true;
  /** entries of chunk tables and cluster indexes that the image still can hold: each takes 2 bytes or more */
  indexEntriesLeft: number;
  /** bytes of directories that may still be read: many inodes over one long directory would cost their product */
  directoryBytesLeft: number;
  readonly #progress: (progress: CheckProgress) => void;

  constructor(opened: OpenedImage, findings: Findings, progress: (progress: CheckProgress) => void) {
    this.opened = opened;
    this.image = opened.image;
    this.findings = findings;
    this.#progress = progress;
    const { sizes } = opened.image.bytes;
    this.indexEntriesLeft = sizes[0]! / 2;
    const expansion = opened.image.geometry.algorithms === 0 ? 1 : METADATA_EXPANSION;
    this.directoryBytesLeft = expansion * sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Tells that there is more. */
  progress(): void {
    this.#progress(this);
  }

  /**
   * What `operation` gives, or undefined where the bytes are refused, which becomes a finding.
   * Rejects with anything else: a source that fails says nothing about the image.
   */
  async attempt<T>(code: FindingCode, subject: Subject, operation: () => T): Promise<T | undefined> {
    try {
      return await this.opened.run(operation);
    } catch (error) {
      if (error instanceof ErofsError) this.findings.addError(code, subject, error);
      else if (!isProofOfDamage(error)) throw error;
      // proof-check.ts has named the blocks
      return undefined;
    }
  }
}
