/** Bytes in memory as a Source that counts what is asked of it, and knows a question that nobody may ask. */
import { BytesSource } from '../../src/cache/bytes-source.js';
import type { Rules } from '../rules.js';
import { requireRange } from './image-bytes.js';

export class MeteredSource extends BytesSource {
  readonly #bytes: Uint8Array;
  readonly #rules: Rules;

  constructor(bytes: Uint8Array, rules: Rules, name = 'image') {
    super(bytes, name, name);
    this.#bytes = bytes;
    this.#rules = rules;
  }

  /** Those from `offset` on, without being counted. */
  bytesFrom(offset: number): Uint8Array {
    return this.#bytes.subarray(offset);
  }

  override readSync(dst: Uint8Array, offset: number): boolean {
    requireRange(offset, dst.length, this.size);
    this.#rules.read += dst.length;
    return super.readSync(dst, offset);
  }
}
