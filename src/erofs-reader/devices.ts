/** The device table and the rule that turns a device id and a block address into a place (erofs-format §7). */
import { type ByteView, u48 } from './bytes.js';
import { corrupt, ErofsError } from './errors.js';
import { DEVICE_SLOT_SIZE } from './layout.js';

/** One extra device; slot i has device id i + 1. */
export interface DeviceSlot {
  /** UUID or digest as the writer left it, often empty */
  readonly tag: string;
  readonly blocks: number;
  /** where the device would start, in blocks, were all devices one; 0: not mapped that way */
  readonly uniaddr: number;
}

/** Throws 'corrupt' where the table lies outside the image. */
export function readDeviceTable(
  bytes: ByteView,
  count: number,
  slotOffset: number,
  has48Bit: boolean,
): DeviceSlot[] {
  const offset = slotOffset * DEVICE_SLOT_SIZE;
  if (offset + count * DEVICE_SLOT_SIZE > bytes.sizes[0]!) {
    throw corrupt(`device table: ${count} slots at byte ${offset}, the image has ${bytes.sizes[0]}`, {
      offset,
    });
  }
  const slots: DeviceSlot[] = [];
  for (let slot = 0; slot < count; slot++) {
    const view = bytes.view(0, offset + slot * DEVICE_SLOT_SIZE, DEVICE_SLOT_SIZE);
    slots.push({
      tag: readTag(view),
      blocks: u48(view.getUint32(64, true), has48Bit ? view.getUint16(72, true) : 0),
      uniaddr: u48(view.getUint32(68, true), has48Bit ? view.getUint16(74, true) : 0),
    });
  }
  return slots;
}

/** Where bytes lie once the device table was consulted. */
export interface DevicePlace {
  device: number;
  offset: number;
}

/** Maps device ids as the kernel does: flat where the image declares devices and none were given. */
export class DeviceMap {
  readonly #slots: readonly DeviceSlot[];
  readonly #blockSize: number;
  readonly #flat: boolean;
  /** bits of a chunk's device id that count */
  readonly idMask: number;

  /** `given`: extra devices that were opened. Throws 'missing-device' where they do not match the table. */
  constructor(slots: readonly DeviceSlot[], given: number, blockSize: number, imageSize: number) {
    this.#slots = slots;
    this.#blockSize = blockSize;
    this.#flat = slots.length > 0 && given === 0;
    this.idMask = 2 ** Math.ceil(Math.log2(slots.length + 1)) - 1;
    if (given !== slots.length && !this.#flat) {
      throw new ErofsError(
        'missing-device',
        `the image has ${slots.length} extra devices and ${given} were given; give each with device=PATH, in this order: ${describe(slots)}`,
      );
    }
    if (this.#flat) this.#checkFlat(imageSize);
  }

  /** In flat mode the devices must lie in the image itself, as tar indexes and concatenated layers do. */
  #checkFlat(imageSize: number): void {
    const outside = this.#slots.find(
      (slot) => slot.uniaddr === 0 || slot.uniaddr * this.#blockSize >= imageSize,
    );
    if (outside === undefined) return;
    throw new ErofsError(
      'missing-device',
      `the image keeps data on ${this.#slots.length} extra device(s) that are not appended to it: ${describe(this.#slots)}; give each with device=PATH, in this order`,
    );
  }

  /** Throws 'corrupt' for an id beyond the table. The result is a new object: callers keep it. */
  resolve(deviceId: number, address: number): DevicePlace {
    if (deviceId > this.#slots.length) {
      throw corrupt(`device id ${deviceId}, the image declares ${this.#slots.length} extra devices`);
    }
    if (deviceId > 0) {
      if (!this.#flat) return { device: deviceId, offset: address };
      return { device: 0, offset: address + this.#slots[deviceId - 1]!.uniaddr * this.#blockSize };
    }
    if (!this.#flat) {
      for (let slot = 0; slot < this.#slots.length; slot++) {
        const { uniaddr, blocks } = this.#slots[slot]!;
        const start = uniaddr * this.#blockSize;
        if (uniaddr !== 0 && address >= start && address < start + blocks * this.#blockSize) {
          return { device: slot + 1, offset: address - start };
        }
      }
    }
    return { device: 0, offset: address };
  }
}

function readTag(view: DataView): string {
  let tag = '';
  for (let i = 0; i < 64 && view.getUint8(i) !== 0; i++) tag += String.fromCharCode(view.getUint8(i));
  return tag;
}

/** A damaged table may have 65,535. */
const MOST_DESCRIBED = 64;

function describe(slots: readonly DeviceSlot[]): string {
  const described = slots
    .slice(0, MOST_DESCRIBED)
    .map((slot, i) => `${i + 1}. ${slot.tag === '' ? 'no tag' : slot.tag}, ${slot.blocks} blocks`);
  const more = slots.length - described.length;
  return [...described, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
