/** Pclusters that several segments of one read refer to (dedupe, erofs-format §10.8): each is decoded once. */
import type { CodedExtent } from './extent.js';
import type { Segment } from './plan.js';

/** The longest extent of a pcluster, and what it decodes to once the first of its segments has been filled. */
export interface SharedPcluster {
  readonly longest: CodedExtent;
  decoded: Uint8Array | undefined;
}

/** Addresses have at most 48 bits; -1, the inode's metadata place, shifts all devices by one. */
const DEVICE_STRIDE = 2 ** 48;

const keyOf = ({ device, offset }: CodedExtent): number => ((device ?? -1) + 1) * DEVICE_STRIDE + offset;

export class SharedPclusters {
  readonly #byPlace: ReadonlyMap<number, SharedPcluster>;

  private constructor(byPlace: ReadonlyMap<number, SharedPcluster>) {
    this.#byPlace = byPlace;
  }

  /** undefined where no pcluster is met twice, as in almost every read: found out without allocating. */
  static of(segments: readonly Segment[]): SharedPclusters | undefined {
    if (ascends(segments)) return undefined;
    const all = new Map<number, SharedPcluster & { uses: number; longest: CodedExtent }>();
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
function ascends(segments: readonly Segment[]): boolean {
  let last = -1;
  for (const { extent } of segments) {
    if (extent.kind !== 'coded') continue;
    const key = keyOf(extent);
    if (key <= last) return false;
    last = key;
  }
  return true;
}
