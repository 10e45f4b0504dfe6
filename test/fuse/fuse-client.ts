/** The kernel's side of the protocol, for tests: builds requests and takes replies apart. Little-endian machines. */
import { Dispatcher } from '../../src/fuse/dispatch.js';
import { OPCODES } from '../../src/fuse/protocol.js';
import type { NodeId, ReadonlyTree } from '../../src/tree/tree.js';

export interface Reply {
  readonly error: number;
  readonly unique: bigint;
  readonly payload: DataView;
  /** the payload's bytes, a copy */
  readonly bytes: Buffer;
}

export interface Problem {
  readonly operation: string;
  readonly node: NodeId;
  readonly problem: Error;
}

/** A record of 32-bit (number) and 64-bit (bigint) fields and of bytes. */
export function record(...fields: (number | bigint | string)[]): Buffer {
  return Buffer.concat(
    fields.map((field) => {
      if (typeof field === 'string') return Buffer.from(field, 'latin1');
      const bytes = Buffer.alloc(typeof field === 'number' ? 4 : 8);
      if (typeof field === 'number') bytes.writeUInt32LE(field);
      else bytes.writeBigUInt64LE(field);
      return bytes;
    }),
  );
}

export class FuseClient {
  readonly problems: Problem[] = [];
  readonly dispatcher: Dispatcher;
  uid = 0;
  #unique = 0xfedc_ba98_7654_3200n;

  constructor(tree: ReadonlyTree, posixAcl = false, mayWait = false) {
    this.dispatcher = new Dispatcher(tree, { posixAcl, mayWait }, (operation, node, problem) => {
      this.problems.push({ operation, node, problem });
    });
  }

  /** Sends the bytes as they are; undefined where no reply comes. */
  send(request: Uint8Array): Reply | undefined {
    const { exchange } = this.dispatcher;
    exchange.request.fill(0xee).set(request);
    exchange.reply.fill(0xdd, 0, 8192);
    const length = this.dispatcher.dispatch(request.length);
    if (length === 0) return undefined;
    const bytes = Buffer.from(exchange.reply.subarray(0, length));
    if (bytes.readUInt32LE(0) !== length) {
      throw new Error(`reply of ${length} bytes says it has ${bytes.readUInt32LE(0)}`);
    }
    const payload = bytes.subarray(16);
    return {
      error: bytes.readInt32LE(4),
      unique: bytes.readBigUInt64LE(8),
      payload: new DataView(payload.buffer, payload.byteOffset, payload.length),
      bytes: payload,
    };
  }

  /** A whole request, header first. `nodeId` is FUSE's: 1 for the root. */
  request(operation: string | number, nodeId: bigint, body: Uint8Array = new Uint8Array(0)): Buffer {
    const opcode = typeof operation === 'number' ? operation : opcodeOf(operation);
    this.#unique += 2n;
    const header = record(40 + body.length, opcode, this.#unique, nodeId, this.uid, 0, 4711, 0);
    return Buffer.concat([header, body]);
  }

  /** Sends a request that must be answered. */
  ask(operation: string | number, nodeId: bigint, body?: Uint8Array): Reply {
    const request = this.request(operation, nodeId, body);
    const reply = this.send(request);
    if (reply === undefined) throw new Error(`${operation}: no reply`);
    if (reply.unique !== this.#unique) throw new Error(`${operation}: reply to ${reply.unique.toString(16)}`);
    return reply;
  }
}

export function opcodeOf(name: string): number {
  return OPCODES.findIndex((row) => row?.name === name);
}
