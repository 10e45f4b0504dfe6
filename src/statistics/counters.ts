/**
 * What a mount has done so far, counted where it is done.
 *
 * LAW of this room: it counts and adds up, imports nothing and allocates nothing per count. Each thread has a part of the memory to
 * itself and is the only one that writes there, so that no count is lost and none takes a lock; who reads adds the parts up, and
 * may be a moment late. A process serves one mount: `counters` is the one of this thread, and needs no handing down.
 */

/** Slots of counts. */
export const Count = {
  /** bytes of READ replies */
  bytesRead: 0,
  /** requests whose programs gave up waiting */
  interrupted: 1,
  /** blocks of metadata, and of data that is not read straight to where it is wanted: in memory, or not */
  blockHits: 2,
  blockMisses: 3,
  /** decoded pclusters: in memory, or to be decoded */
  extentHits: 4,
  extentMisses: 5,
  /** chunks of blobs behind a network: here when they were wanted, or not */
  chunkHits: 6,
  chunkMisses: 7,
  /** bytes of blobs that came over a network */
  remoteBytes: 8,
  /** HTTP requests, whatever they are for */
  remoteRequests: 9,
  /** those for ranges that follow a failure, and those made beside a slow one */
  remoteRetries: 10,
  remoteHedges: 11,
  /** when a request failed last: milliseconds since 1970, no count */
  lastFailure: 12,
} as const;

/** Opcodes of FUSE are below; 0 is for whatever is not. */
export const KINDS = 64;
/** Bucket 0: below 1 µs; bucket n: from 2^(n-1) to 2^n µs; the last one has no end. */
export const BUCKETS = 32;

const REQUESTS = 16;
const FAILURES = REQUESTS + KINDS;
const DURATIONS = FAILURES + KINDS;
const PART = DURATIONS + KINDS * BUCKETS;
/** Threads with a part of their own; more than that share the last one, and may lose counts there. */
const PARTS = 32;
/** in front of the parts: how many are taken */
const HEAD = 1;

/**
 * Of each kind the first requests are all timed, then one in eight, which stands for eight. performance.now() takes 90 ns, twice a
 * request, counting alone 5: of a GETATTR, 9 µs with its two system calls, timing all would be 2 %.
 */
const ALL_TIMED = 256;
const TIMED_OF = 8;

export class Counters {
  #words: Float64Array = new Float64Array(PART);
  #memory: SharedArrayBuffer | undefined;
  /** an operation runs again: what it looks up it has looked up before */
  isRepeating = false;

  /** for the other threads of this process; what was counted before is in it */
  get memory(): SharedArrayBuffer {
    this.#memory ??= this.#join(
      new SharedArrayBuffer((HEAD + PARTS * PART) * Float64Array.BYTES_PER_ELEMENT),
    );
    return this.#memory;
  }

  /** From now on this thread counts in what another one has given it. */
  join(memory: SharedArrayBuffer): void {
    if (memory !== this.#memory) this.#memory = this.#join(memory);
  }

  #join(memory: SharedArrayBuffer): SharedArrayBuffer {
    const taken = Atomics.add(new Int32Array(memory), 0, 1);
    const at = HEAD + Math.min(taken, PARTS - 1) * PART;
    const words = new Float64Array(memory, at * Float64Array.BYTES_PER_ELEMENT, PART);
    for (let slot = 0; slot < PART; slot++) words[slot]! += this.#words[slot]!;
    this.#words = words;
    return memory;
  }

  add(slot: number, amount: number): void {
    this.#words[slot]! += amount;
  }

  /** Something was looked up; not counted again while an operation runs again. */
  lookUp(slot: number, amount: number): void {
    if (!this.isRepeating) this.#words[slot]! += amount;
  }

  /** For how many requests the next one of this kind stands where it is timed; 0: it is not to be. */
  weightOf(opcode: number): number {
    const count = this.#words[REQUESTS + kindOf(opcode)]!;
    if (count < ALL_TIMED) return 1;
    return count % TIMED_OF === 0 ? TIMED_OF : 0;
  }

  /** A request has its answer. */
  answered(opcode: number): void {
    this.#words[REQUESTS + kindOf(opcode)]!++;
  }

  /** The answer is an errno, because something is wrong. */
  failed(opcode: number): void {
    this.#words[FAILURES + kindOf(opcode)]!++;
    this.#words[Count.lastFailure] = Date.now();
  }

  /** The answer took so long, and so did those that it stands for. */
  took(opcode: number, milliseconds: number, weight = 1): void {
    const bucket = Math.min(BUCKETS - 1, 32 - Math.clz32(milliseconds * 1000));
    this.#words[DURATIONS + kindOf(opcode) * BUCKETS + bucket]! += weight;
  }
}

const kindOf = (opcode: number): number => (opcode < KINDS ? opcode : 0);

export const counters = new Counters();

/** What all threads have counted; indexes are those of the slots and opcodes. */
export interface Totals {
  readonly counts: Float64Array;
  readonly requests: Float64Array;
  readonly failures: Float64Array;
  /** by kind, BUCKETS for each */
  readonly durations: Float64Array;
}

/** `memory`: of Counters.memory. */
export function addUp(memory: SharedArrayBuffer): Totals {
  const taken = Math.min(PARTS, Atomics.load(new Int32Array(memory), 0));
  const parts = new Float64Array(memory, HEAD * Float64Array.BYTES_PER_ELEMENT);
  const sum = new Float64Array(PART);
  let lastFailure = 0;
  for (let part = 0; part < taken; part++) {
    for (let slot = 0; slot < PART; slot++) sum[slot]! += parts[part * PART + slot]!;
    lastFailure = Math.max(lastFailure, parts[part * PART + Count.lastFailure]!);
  }
  sum[Count.lastFailure] = lastFailure;
  return {
    counts: sum.subarray(0, REQUESTS),
    requests: sum.subarray(REQUESTS, FAILURES),
    failures: sum.subarray(FAILURES, DURATIONS),
    durations: sum.subarray(DURATIONS),
  };
}
