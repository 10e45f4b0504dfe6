/**
 * The right to ask what a blob behind a network is, and for its first bytes, while others that open the same one wait: they find
 * both kept, rather than fetch the beginning once each.
 *
 * As ChunkClaims, a lock of one byte that ends with its holder and is only advice: in a file for all references, at a place that
 * a digest of the reference names.
 */
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories } from '../system/directories.js';
import { lockBytes } from '../system/libc.js';
import type { Grace } from './grace.js';
import { knownFolder } from './known-blobs.js';

/** Bytes of a digest that name a place: an offset has 63 bits, and a safe integer 53. */
const PLACE_BYTES = 6;

export class OpeningClaim {
  #descriptor: number | undefined;

  /** Takes the descriptor over, undefined for the right that nobody could claim. */
  private constructor(descriptor: number | undefined) {
    this.#descriptor = descriptor;
  }

  /** Waits while somebody else has it and the grace lasts; where it cannot be had, everybody has it. `reference` as of knownBlob. */
  static async take(cacheDirectory: string, reference: string, grace: Grace): Promise<OpeningClaim> {
    const descriptor = openClaims(knownFolder(cacheDirectory));
    if (descriptor === undefined) return new OpeningClaim(undefined);
    const claim = new OpeningClaim(descriptor);
    try {
      const place = createHash('sha256').update(reference).digest().readUIntBE(0, PLACE_BYTES);
      while (!grace.isOver && !lockBytes(descriptor, place, 1)) await grace.wait(1, undefined);
    } catch {
      // no koffi, or a file system without such locks: nothing is lost but the saving
      claim.release();
    }
    return claim;
  }

  release(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** undefined where nothing can be written: whoever opens the store there says so. */
function openClaims(folder: string): number | undefined {
  try {
    makeDirectories(folder, 0o700);
    return openSync(
      join(folder, 'claims'),
      constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW,
      0o600,
    );
  } catch {
    return undefined;
  }
}
