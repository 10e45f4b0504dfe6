/**
 * The reader of an image over bytes that are fetched in the background.
 *
 * LAW: steps are idempotent, as all operations of the reader are. What many steps miss is fetched together. What the image
 * itself is wrong in is not told here but to whoever reads it.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { BlobRange } from '../cache/source.js';
import { isMiss, type Miss, type MissedRange } from '../erofs-reader/bytes.js';
import { RemoteError } from '../remote/remote-blob.js';
import type { ReadonlyTree } from '../tree/tree.js';
import type { Allowance } from './allowance.js';
import { mergeRanges } from './merge-ranges.js';
import type { RemoteDevice, RemoteImage, RemoteLayer } from './remote-image.js';
import { several } from './several.js';

/** Bytes between two wanted ranges that are fetched rather than asking twice. */
const GAP = 128 << 10;
/** The reader's bytes come in blocks of at most so many, of which a miss names only what is wanted. */
const BLOCK = 16 << 10;
/** Ranges asked for at a time: the blob starts as many of them as it has room for. */
const PARALLEL = 8;
/** A step is about 3 µs where nothing is missing. */
const STEPS_A_TURN = 256;
/** As the driver of those who wait; a long index is met piece by piece. */
const ROUNDS = 64;

export class BackgroundReader {
  readonly tree: ReadonlyTree;
  readonly #image: RemoteImage;
  readonly #signal: AbortSignal | undefined;

  constructor(image: RemoteImage, signal?: AbortSignal) {
    this.tree = image.tree;
    this.#image = image;
    this.#signal = signal;
  }

  /** Rejects with what the operation throws, with RemoteError, or with the signal's reason. */
  async run<T>(operation: () => T): Promise<T> {
    for (let round = 0; round < ROUNDS; round++) {
      this.#signal?.throwIfAborted();
      try {
        return operation();
      } catch (thrown) {
        if (!isMiss(thrown)) throw thrown;
        if (!(await this.fetch(thrown.ranges))) break;
      }
    }
    return this.#image.run(operation, this.#signal);
  }

  /**
   * Runs `step` for each item, again for those that missed something until nothing is missing; one that fails otherwise is left
   * out, and so is one whose bytes cost more than the allowance. Rejects with RemoteError or the signal's reason.
   */
  async runAll<T>(items: readonly T[], step: (item: T) => void, allowance?: Allowance): Promise<void> {
    let left = items;
    for (let round = 0; round < ROUNDS && left.length > 0; round++) {
      const missed: T[] = [];
      const ranges: MissedRange[] = [];
      for (const [i, item] of left.entries()) {
        if (i % STEPS_A_TURN === STEPS_A_TURN - 1) await turn();
        this.#signal?.throwIfAborted();
        const miss = missOf(step, item);
        if (miss === undefined) continue;
        missed.push(item);
        ranges.push(...miss.ranges);
      }
      left = missed;
      if (missed.length > 0 && !(await this.fetch(ranges, allowance))) break;
    }
    if (allowance?.hasRefused === true) return;
    for (const item of left) await this.#runHurried(() => step(item));
  }

  /**
   * Fetches what is not here of ranges of devices. False where all of it was here: what is missing is then something else, the hash
   * blocks that it is checked by; or where it was not worth its bytes.
   */
  async fetch(ranges: readonly MissedRange[], allowance?: Allowance): Promise<boolean> {
    let fetched = false;
    for (const { image, devices } of this.#image.layers) {
      const own = ranges.filter(({ view }) => view === image.bytes);
      if (own.length > 0 && (await this.#fetchOf(devices, own, allowance))) fetched = true;
    }
    return fetched;
  }

  async #fetchOf(
    devices: RemoteLayer['devices'],
    ranges: readonly MissedRange[],
    allowance: Allowance | undefined,
  ): Promise<boolean> {
    let fetched = false;
    for (const [number, device] of devices.entries()) {
      if (device === undefined) continue;
      const { blob } = device;
      const absent = ranges
        .filter((range) => range.device === number)
        .map((range) => blocksOf(range, device))
        .filter(({ offset, length }) => !blob.isHere(offset, length));
      const merged = mergeRanges(absent, GAP);
      const runs = allowance === undefined ? merged : allowed(merged, absent, blob.chunkSize, allowance);
      if (runs.length === 0) continue;
      fetched = true;
      await several(runs, PARALLEL, this.#signal, (run) => blob.prefetch(run, this.#signal));
    }
    return fetched;
  }

  async #runHurried(step: () => void): Promise<void> {
    try {
      await this.#image.run(step, this.#signal);
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof RemoteError) throw error;
    }
  }
}

/** Where the blocks that hold a range of a device lie in its blob. */
function blocksOf({ offset, length }: MissedRange, { blob, base }: RemoteDevice): BlobRange {
  const start = base + Math.floor(offset / BLOCK) * BLOCK;
  const end = Math.min(blob.size, base + Math.ceil((offset + length) / BLOCK) * BLOCK);
  return { offset: start, length: end - start };
}

/** The runs, ascending, that are worth what their chunks cost. `wanted` lie in them. */
function allowed(
  runs: readonly BlobRange[],
  wanted: readonly BlobRange[],
  chunkSize: number,
  allowance: Allowance,
): BlobRange[] {
  const starts = wanted.map(({ offset }) => offset).sort((a, b) => a - b);
  let next = 0;
  return runs.filter(({ offset, length }) => {
    const first = next;
    while (next < starts.length && starts[next]! < offset + length) next++;
    const chunks = Math.ceil((offset + length) / chunkSize) - Math.floor(offset / chunkSize);
    return allowance.allows(chunks * chunkSize, next - first);
  });
}

function missOf<T>(step: (item: T) => void, item: T): Miss | undefined {
  try {
    step(item);
    return undefined;
  } catch (thrown) {
    return isMiss(thrown) ? thrown : undefined;
  }
}
