/**
 * What one pump is at, in memory that outlives its thread: so that the request of a thread that died, or hangs, is known and
 * answered by another one.
 *
 * LAW: the pump alone writes its turn and the request; the thread that started it says when it is to stop reading.
 */
import { IN_HEADER_SIZE, LITTLE_ENDIAN, readU64 } from './protocol.js';

/** 32-bit words: [0] odd while a request has no answer; [1] not 0 once no other is to be read; then the request's header */
const TURN = 0;
const RETIRED = 1;
const HEADER = 2;
const HEADER_WORDS = IN_HEADER_SIZE / 4;

export function progressMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((HEADER + HEADER_WORDS) * 4);
}

export class PumpProgress {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  /** `request`: the words of the one that was read */
  begin(request: Int32Array): void {
    const words = this.#words;
    for (let i = 0; i < HEADER_WORDS; i++) words[HEADER + i] = request[i]!;
    Atomics.add(words, TURN, 1);
  }

  /** It has its answer, or is another thread's now. */
  end(): void {
    Atomics.add(this.#words, TURN, 1);
  }

  /** Another number whenever a request begins or ends; odd in between. */
  get turn(): number {
    return Atomics.load(this.#words, TURN);
  }

  get isBusy(): boolean {
    return (this.turn & 1) === 1;
  }

  get isRetired(): boolean {
    return Atomics.load(this.#words, RETIRED) !== 0;
  }

  retire(): void {
    Atomics.store(this.#words, RETIRED, 1);
  }

  /** The header of the request that is or was worked on last: 40 bytes. */
  header(): Uint8Array {
    return new Uint8Array(this.#words.slice(HEADER).buffer);
  }
}

/** What of a request's header tells people about it. */
export function requestOf(header: Uint8Array): {
  readonly opcode: number;
  readonly nodeId: number | undefined;
} {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  return { opcode: view.getUint32(4, LITTLE_ENDIAN), nodeId: readU64(view, 16) };
}
