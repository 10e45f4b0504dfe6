/**
 * What inodes may cost that nobody has asked for yet. Where an image has them together they cost next to nothing; where they lie
 * among the data of files (mkfs.erofs before 1.8, and inline data), all of them would cost a good part of that.
 */

/** Bytes for each of the inodes that a run of bytes is fetched for: 32 to 64 and attributes, where they lie together. */
const DENSE = 4096;
/** Bytes of runs with fewer: small images are listed without asking, and of large ones little is fetched for nothing. */
const SPARSE = 256 << 10;

export class Allowance {
  #left = SPARSE;
  /** whether something was not worth its bytes */
  hasRefused = false;

  /** Whether `bytes` are to be fetched for so many inodes. */
  allows(bytes: number, inodes: number): boolean {
    if (bytes <= inodes * DENSE) return true;
    if (bytes > this.#left) {
      this.hasRefused = true;
      return false;
    }
    this.#left -= bytes;
    return true;
  }
}
