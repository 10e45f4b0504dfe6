/** What lies where on the devices: ranges of bytes with their owners, in memory that grows by the number of ranges. */

export const RangeKind = { metadata: 0, raw: 1, coded: 2 } as const;
export type RangeKind = (typeof RangeKind)[keyof typeof RangeKind];

/** Stands for the decoded data of the metabox among device numbers. */
export const METABOX_DEVICE = -1;

/** Bytes start .. end of a device, used by inode `nid`. */
export interface Range {
  device: number;
  start: number;
  end: number;
  kind: RangeKind;
  nid: number;
  /** coded: where in the file the extent starts, and its length there */
  position: number;
  length: number;
}

/** Numbers a range takes: 56 bytes instead of the 120 of an object. */
const STRIDE = 7;

export class RangeLedger {
  #numbers = new Float64Array(STRIDE * 1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(
    kind: RangeKind,
    device: number,
    start: number,
    end: number,
    nid: number,
    position = 0,
    length = 0,
  ): void {
    let at = this.#count++ * STRIDE;
    if (at === this.#numbers.length) {
      const grown = new Float64Array(this.#numbers.length * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    for (const number of [device, start, end, kind, nid, position, length]) this.#numbers[at++] = number;
  }

  /** Every range by device and start, longer extents of one pcluster first; the object given is reused. */
  *sorted(): Generator<Range> {
    const numbers = this.#numbers;
    const order = new Uint32Array(this.#count);
    for (let i = 0; i < order.length; i++) order[i] = i * STRIDE;
    order.sort(
      (a, b) =>
        numbers[a]! - numbers[b]! ||
        numbers[a + 1]! - numbers[b + 1]! ||
        numbers[a + 3]! - numbers[b + 3]! ||
        numbers[b + 6]! - numbers[a + 6]!,
    );
    const range: Range = { device: 0, start: 0, end: 0, kind: 0, nid: 0, position: 0, length: 0 };
    for (const at of order) {
      range.device = numbers[at]!;
      range.start = numbers[at + 1]!;
      range.end = numbers[at + 2]!;
      range.kind = numbers[at + 3] as RangeKind;
      range.nid = numbers[at + 4]!;
      range.position = numbers[at + 5]!;
      range.length = numbers[at + 6]!;
      yield range;
    }
  }
}
