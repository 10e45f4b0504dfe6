/**
 * One request and the room for its reply, made once a worker and used again for every request.
 *
 * A handler reads `input`, writes `output` behind the reply's header, and returns the bytes it wrote there, or a
 * negative errno. It keeps no view of either buffer.
 */
import type { NodeId, ReadonlyTree } from '../tree/tree.js';
import {
  IN_HEADER_SIZE,
  LITTLE_ENDIAN,
  OUT_HEADER_SIZE,
  REPLY_CAPACITY,
  REQUEST_CAPACITY,
  readU64,
} from './protocol.js';
import { SharedState, sharedMemory } from './shared-state.js';

export type Handler = (exchange: Exchange) => number;

/** Told of errors that were answered with an errno, or of entries that were left out of a listing. */
export type RequestReport = (operation: string, node: NodeId, problem: Error) => void;

export interface ExchangeOptions {
  /** let the kernel check ACLs, for mounts with default_permissions */
  readonly posixAcl: boolean;
  /** false unless given */
  readonly mayWait?: boolean;
  /** of the threads of one mount; its own unless given */
  readonly state?: SharedState;
}

export class Exchange {
  readonly tree: ReadonlyTree;
  readonly posixAcl: boolean;
  /** requests of this mount may have to wait for a network */
  readonly mayWait: boolean;
  readonly state: SharedState;
  readonly report: RequestReport;
  readonly request = new Uint8Array(REQUEST_CAPACITY);
  readonly input = new DataView(this.request.buffer);
  readonly reply = new Uint8Array(REPLY_CAPACITY);
  readonly output = new DataView(this.reply.buffer);
  /** bytes of the request, header included */
  requestLength = 0;
  /** the node that the request is about */
  node: NodeId = 0;
  /** the protocol version the kernel offered, once INIT has been met */
  kernelVersion: { readonly major: number; readonly minor: number; readonly resends: boolean } | undefined;

  readonly #lookupNames = new Windows(this.request, IN_HEADER_SIZE, 1);
  readonly #xattrNames = new Windows(this.request, IN_HEADER_SIZE + 8, 1);
  readonly #payloads = new Windows(this.reply, OUT_HEADER_SIZE, 4096);

  constructor(
    tree: ReadonlyTree,
    { posixAcl, mayWait = false, state = new SharedState(sharedMemory()) }: ExchangeOptions,
    report: RequestReport,
  ) {
    this.tree = tree;
    this.posixAcl = posixAcl;
    this.mayWait = mayWait;
    this.state = state;
    this.report = report;
  }

  get opcode(): number {
    return this.input.getUint32(4, LITTLE_ENDIAN);
  }

  /** It was read before, by a server that did not answer: the highest bit of its number. */
  get isResent(): boolean {
    return this.input.getInt32(LITTLE_ENDIAN ? 12 : 8, LITTLE_ENDIAN) < 0;
  }

  /** where a READ begins */
  get readOffset(): number {
    return readU64(this.input, IN_HEADER_SIZE + 8) ?? 0;
  }

  get uid(): number {
    return this.input.getUint32(24, LITTLE_ENDIAN);
  }

  /** The name that is all of a LOOKUP; undefined where it does not end with a NUL. Borrowed. */
  lookupName(): Uint8Array | undefined {
    return this.#name(this.#lookupNames, IN_HEADER_SIZE);
  }

  /** The name behind the record of a GETXATTR; undefined where it does not end with a NUL. Borrowed. */
  xattrName(): Uint8Array | undefined {
    return this.#name(this.#xattrNames, IN_HEADER_SIZE + 8);
  }

  #name(windows: Windows, start: number): Uint8Array | undefined {
    const end = this.requestLength - 1;
    return this.request[end] === 0 && end > start ? windows.at(end - start) : undefined;
  }

  /** The first `length` bytes behind the reply's header. */
  payload(length: number): Uint8Array {
    return this.#payloads.at(length);
  }

  /** Sends `bytes`, which the tree lent. */
  answer(bytes: Uint8Array): number {
    this.reply.set(bytes, OUT_HEADER_SIZE);
    return bytes.length;
  }
}

/** Views of one place of a buffer, one for each length that is a multiple of `unit`, made when first wanted. */
class Windows {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #unit: number;
  readonly #made: Uint8Array[] = [];

  constructor(bytes: Uint8Array, start: number, unit: number) {
    this.#bytes = bytes;
    this.#start = start;
    this.#unit = unit;
  }

  at(length: number): Uint8Array {
    const index = length / this.#unit;
    const made = this.#made[index];
    if (made !== undefined) return made;
    const view = this.#bytes.subarray(this.#start, this.#start + length);
    if (Number.isInteger(index)) this.#made[index] = view;
    return view;
  }
}
