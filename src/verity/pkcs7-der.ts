/**
 * DER (X.690), as much of it as signatures and certificates need.
 *
 * LAW: one value has one encoding. Lengths are definite and as short as they can be, and nothing follows the last
 * value, so that no two different byte strings are read as the same signature.
 */
import { SignatureError } from './signature-error.js';

export const Tag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** context-specific, constructed: the number in brackets of ASN.1 */
  context0: 0xa0,
  context1: 0xa1,
} as const;

export interface DerValue {
  /** tag, length and content */
  readonly whole: Uint8Array;
  readonly content: Uint8Array;
}

const LONG_FORM = 0x80;
/** Four bytes of length are 4 GiB, more than any signature has. */
const LENGTH_BYTES_MAX = 4;

/** Reads the values that stand one behind another in `bytes`. Throws SignatureError 'signature-malformed'. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** `what` names the bytes in messages, such as "SignerInfo". */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  nextIs(tag: number): boolean {
    return this.#bytes[this.#at] === tag;
  }

  read(tag: number, what: string): DerValue {
    const found = this.#bytes[this.#at];
    if (found !== tag) {
      const instead = found === undefined ? 'there is nothing' : `stands tag 0x${found.toString(16)}`;
      throw this.#malformed(
        `${instead} where ${what} (tag 0x${tag.toString(16)}) should be, at byte ${this.#at}`,
      );
    }
    const start = this.#at + 2 + this.#lengthBytes(what);
    const end = start + this.#length(start, what);
    if (end > this.#bytes.length) {
      throw this.#malformed(`${what} ends at byte ${end} of ${this.#bytes.length}: it is cut off`);
    }
    const whole = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { whole, content: whole.subarray(whole.length - (end - start)) };
  }

  /** The values inside the next one. */
  enter(tag: number, what: string): DerReader {
    return new DerReader(this.read(tag, what).content, what);
  }

  end(): void {
    if (this.atEnd) return;
    throw this.#malformed(`${this.#bytes.length - this.#at} bytes stand behind its last field`);
  }

  /** Bytes of the length behind its first one. */
  #lengthBytes(what: string): number {
    const first = this.#bytes[this.#at + 1];
    if (first === undefined) throw this.#malformed(`${what} has no length: it is cut off`);
    const count = first < LONG_FORM ? 0 : first - LONG_FORM;
    if (first === LONG_FORM || count > LENGTH_BYTES_MAX) {
      throw this.#malformed(`${what} has the length byte 0x${first.toString(16)}, which DER does not allow`);
    }
    return count;
  }

  #length(start: number, what: string): number {
    const first = this.#bytes[this.#at + 1]!;
    if (first < LONG_FORM) return first;
    let length = 0;
    for (let at = this.#at + 2; at < start; at++) length = length * 256 + (this.#bytes[at] ?? 0);
    const shortest = length < LONG_FORM ? 0 : Math.ceil((32 - Math.clz32(length)) / 8);
    if (shortest !== start - this.#at - 2) {
      throw this.#malformed(`${what} has a length that is not written as short as it can be`);
    }
    return length;
  }

  #malformed(problem: string): SignatureError {
    return new SignatureError('signature-malformed', `${this.#what}: ${problem}`);
  }
}
