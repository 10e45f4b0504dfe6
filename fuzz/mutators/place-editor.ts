/** Changes of an input whose structures are known: a field, a byte, or a structure like another one. */
import type { Random } from '../../test/support/random.js';
import type { Edit } from '../input.js';
import type { Place } from './structure.js';
import { otherValue, readValue, valueBytes } from './value.js';

const MOST_RANDOM_BYTES = 8;

export class PlaceEditor {
  readonly #bytes: Uint8Array;
  /** by structure: rare ones are changed as often as those that are everywhere */
  readonly #kinds: readonly (readonly Place[])[];
  /** all, by offset */
  readonly #sorted: readonly Place[];

  /** `bytes` may be damaged by others while an edit is made: only their values differ then. */
  constructor(bytes: Uint8Array, places: readonly Place[]) {
    const inside = places.filter(
      ({ offset, structure }) => offset >= 0 && offset + structure.size <= bytes.length,
    );
    this.#bytes = bytes;
    this.#kinds = byKind(inside);
    this.#sorted = inside.toSorted((a, b) => a.offset - b.offset);
  }

  edit(random: Random): Edit {
    const choice = random.below(40);
    if (choice === 0) return this.#truncation(random);
    if (choice < 3 || this.#kinds.length === 0) return this.#anywhere(random);
    const kind = this.#kinds[random.below(this.#kinds.length)]!;
    const place = kind[random.below(kind.length)]!;
    if (choice < 6) return this.#copy(place, kind[random.below(kind.length)]!);
    const { offset, structure } = place;
    if (choice < 9) return this.#randomBytes(offset + random.below(structure.size), random);
    const { at, size } = structure.fields[random.below(structure.fields.length)]!;
    const before = readValue(this.#bytes, offset + at, size);
    return { at: offset + at, remove: size, bytes: valueBytes(otherValue(before, size, random), size) };
  }

  /** Whose structure is at a byte, or before it; undefined where that is nobody's. */
  nidAt(at: number): number | undefined {
    let [low, high] = [0, this.#sorted.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.offset <= at) low = middle;
      else high = middle;
    }
    return this.#sorted[low]?.nid;
  }

  #copy({ offset, structure }: Place, from: Place): Edit {
    const length = Math.min(structure.size, from.structure.size);
    return { at: offset, remove: length, bytes: this.#bytes.slice(from.offset, from.offset + length) };
  }

  #anywhere(random: Random): Edit {
    return this.#randomBytes(random.below(this.#bytes.length), random);
  }

  #randomBytes(at: number, random: Random): Edit {
    const length = Math.min(1 + random.below(MOST_RANDOM_BYTES), this.#bytes.length - at);
    return { at, remove: length, bytes: random.bytes(length) };
  }

  #truncation(random: Random): Edit {
    const at = random.below(this.#bytes.length);
    return { at, remove: this.#bytes.length - at, bytes: new Uint8Array(0) };
  }
}

function byKind(places: readonly Place[]): Place[][] {
  const kinds = new Map<string, Place[]>();
  for (const place of places) {
    const { name } = place.structure;
    const others = kinds.get(name);
    if (others === undefined) kinds.set(name, [place]);
    else others.push(place);
  }
  return [...kinds.values()];
}
