/** The bytes of an image and its devices as the reader asks for them: in memory, not copied, and counted. */
import type { ByteRange, ByteView } from '../../src/erofs-reader/bytes.js';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { BrokenRule, type Rules } from '../rules.js';

export class ImageBytes implements ByteView {
  readonly sizes: readonly number[];
  readonly #devices: readonly Uint8Array[];
  readonly #rules: Rules;

  constructor(devices: readonly Uint8Array[], rules: Rules) {
    this.sizes = devices.map(({ length }) => length);
    this.#devices = devices;
    this.#rules = rules;
  }

  view(device: number, offset: number, length: number): DataView {
    const bytes = this.#here(device, offset, length);
    return new DataView(bytes.buffer, bytes.byteOffset + offset, length);
  }

  copy(dst: Uint8Array, device: number, offset: number): void {
    dst.set(this.#here(device, offset, dst.length).subarray(offset, offset + dst.length));
  }

  want(ranges: readonly ByteRange[]): void {
    for (const { device, offset, length } of ranges) checkRange(this.sizes, device, offset, length);
  }

  #here(device: number, offset: number, length: number): Uint8Array {
    checkRange(this.sizes, device, offset, length);
    this.#rules.read += length;
    return this.#devices[device]!;
  }
}

/** Throws ErofsError 'truncated' beyond a device's end, as ByteView does; BrokenRule for what nobody may ask. */
export function checkRange(sizes: readonly number[], device: number, offset: number, length: number): void {
  const size = sizes[device];
  if (size === undefined || offset + length > size) {
    throw new ErofsError('truncated', `device ${device} ends at byte ${size ?? 0}`, { device, offset });
  }
  requireRange(offset, length, size);
}

/** Whoever asks has to know where the bytes end. Throws BrokenRule. */
export function requireRange(offset: number, length: number, size: number): void {
  const isInside = Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= size;
  if (isInside) return;
  throw new BrokenRule('wrong-answer', `${length} bytes from byte ${offset} on were asked for, of ${size}`);
}
