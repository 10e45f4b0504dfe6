/** Takes the answer to a request for one range, and lets through only bytes that belong where they are put. */
import type { BlobRange } from '../cache/source.js';
import { FetchFailure } from './fetch-failure.js';
import type { Receiver } from './http-transport.js';
import { type RangeAnswer, readRangeAnswer, readUnsatisfied } from './range-answer.js';
import type { Landing } from './remote-blob.js';
import type { ResponseFields } from './response-fields.js';
import type { WholeDownload } from './whole-download.js';

/** Who asked for the range. */
export interface RangeTaker {
  /** The size of the blob. Throws FetchFailure where the answer is about another one. */
  agree(fields: ResponseFields, answer: RangeAnswer): number;
  deliver(at: number, bytes: Uint8Array): void;
  /** The server ignored Range: what it sends is no longer this request's alone. Joins before the first byte comes. */
  adopt(): WholeDownload;
  readonly landing?: Landing | undefined;
}

export class RangeReceiver implements Receiver {
  /** resolves when the answer turns out to be the whole blob; it is in other hands then */
  readonly adopted: Promise<void>;
  #adopt!: () => void;
  readonly #range: BlobRange;
  readonly #taker: RangeTaker;
  #download: WholeDownload | undefined;
  #at: number;
  #end: number | undefined;

  constructor(range: BlobRange, taker: RangeTaker) {
    this.#range = range;
    this.#taker = taker;
    this.#at = range.offset;
    this.adopted = new Promise((resolve) => {
      this.#adopt = resolve;
    });
  }

  head(status: number, fields: ResponseFields): void {
    if (status === 416) this.#refuse(fields);
    const answer = readRangeAnswer(status, fields);
    const { offset, length } = this.#range;
    if (!answer.isWhole && (answer.start !== offset || answer.end! > offset + length)) {
      const got = `bytes ${answer.start} to ${answer.end! - 1}`;
      throw new FetchFailure('protocol', `the server answered with ${got}, not with those asked for`);
    }
    const size = this.#taker.agree(fields, answer);
    if (answer.isWhole && (offset > 0 || size > length)) {
      this.#download = this.#taker.adopt();
      this.#adopt();
    }
    this.#at = answer.start;
    this.#end = answer.end ?? size;
  }

  data(bytes: Uint8Array): boolean {
    if (this.#download !== undefined) return this.#download.data(bytes);
    const room = this.#end! - this.#at;
    const at = this.#at;
    this.#at += bytes.length;
    if (room > 0) this.#taker.deliver(at, bytes.length <= room ? bytes : bytes.subarray(0, room));
    return bytes.length <= room;
  }

  room(shared: Uint8Array): Uint8Array {
    const room = this.#end! - this.#at;
    const { landing } = this.#taker;
    if (landing === undefined || this.#download !== undefined || room <= 0) return shared;
    return landing.room(this.#at, room < shared.length ? shared.subarray(0, room) : shared);
  }

  left(): void {
    this.#taker.landing?.left();
  }

  /** Throws FetchFailure where the answer ended before the end that it announced. */
  finish(): void {
    if (this.#end === undefined || this.#at < this.#end) {
      throw new FetchFailure('unreachable', 'the answer ended before its end', { transient: true });
    }
  }

  #refuse(fields: ResponseFields): never {
    const size = readUnsatisfied(fields);
    // what has another size has changed
    if (size !== undefined) this.#taker.agree(fields, { isWhole: false, start: 0, end: size, size });
    const told = size === undefined ? 'does not say its size' : `says itself that it has ${size} bytes`;
    throw new FetchFailure(
      'protocol',
      `the server answered 416 (no such range) for bytes from ${this.#range.offset} on, and ${told}`,
      { status: 416 },
    );
  }
}
