/** Pclusters that several segments of one read refer to (dedupe, erofs-format §10.8): each is decoded once. */
import type { ByteRange } from './bytes.js';
import type { CodedExtent } from './extent.js';
import type { Segment } from './plan.js';

/** The longest extent of a pcluster, and what it decodes to once the first of its segments has been filled. */
export interface SharedPcluster {
  readonly longest: CodedExtent;
  decoded: Uint8Array | undefined;
}

const keyOf = ({ device = -1, offset }: CodedExtent): string => `${device} ${offset}`;

export class SharedPclusters {
  readonly #byPlace: ReadonlyMap<string, SharedPcluster>;

  private constructor(byPlace: ReadonlyMap<string, SharedPcluster>) {
    this.#byPlace = byPlace;
  }

  /**
   * `ranges` are those of the segments. undefined where no pcluster is met twice, as in almost every read: found out from the
   * ranges, which are few where the segments are many.
   */
  static of(segments: readonly Segment[], ranges: readonly ByteRange[]): SharedPclusters | undefined {
    if (ascends(ranges)) return undefined;
    const all = new Map<string, SharedPcluster & { uses: number; longest: CodedExtent }>();
    for (const { extent } of segments) {
      if (extent.kind !== 'coded') continue;
      const key = keyOf(extent);
      const known = all.get(key);
      if (known === undefined) {
        all.set(key, { longest: extent, decoded: undefined, uses: 1 });
      } else {
        known.uses++;
        if (extent.length > known.longest.length) known.longest = extent;
      }
    }
    for (const [key, { uses }] of all) if (uses === 1) all.delete(key);
    return all.size === 0 ? undefined : new SharedPclusters(all);
  }

  get(extent: CodedExtent): SharedPcluster | undefined {
    return this.#byPlace.get(keyOf(extent));
  }
}

/** Pclusters one behind the other, as mkfs.erofs writes those of a file, cannot be the same one twice. */
function ascends(ranges: readonly ByteRange[]): boolean {
  let last: ByteRange | undefined;
  for (const range of ranges) {
    if (last !== undefined && (range.device !== last.device || range.offset <= last.offset)) return false;
    last = range;
  }
  return true;
}
