/**
 * Request bytes -> ReadonlyTree -> reply bytes.
 *
 * LAW: no file descriptor, and every request gets exactly one reply, or none where the protocol has none,
 * whatever its bytes are and whatever the tree throws. Only a Miss (a thrown value that is no Error) passes through:
 * the caller fetches and dispatches the request again, or refuses it.
 */
import { counters } from '../statistics/counters.js';
import type { ReadonlyTree } from '../tree/tree.js';
import { DirectoryListing } from './dispatch-directory.js';
import { Exchange, type ExchangeOptions, type Handler, type RequestReport } from './dispatch-exchange.js';
import { lseek, open, read } from './dispatch-file.js';
import { init } from './dispatch-init.js';
import { getattr, lookup, readlink, statfs } from './dispatch-node.js';
import { getxattr, listxattr } from './dispatch-xattr.js';
import { Errno, errnoOf } from './errno.js';
import { readNodeId } from './node-id.js';
import { IN_HEADER_SIZE, LITTLE_ENDIAN, OPCODES, type OpcodeKind, OUT_HEADER_SIZE } from './protocol.js';

/** The part of the header that a reply needs: len, opcode, unique. */
const UNIQUE_END = 16;

/** Requests about the whole file system, whose node id says nothing. */
const WITHOUT_NODE: ReadonlySet<string> = new Set(['INIT', 'DESTROY']);

const succeed: Handler = () => 0;

const KIND_HANDLERS: { readonly [kind in OpcodeKind]?: Handler } = {
  modify: () => -Errno.EROFS,
  absent: () => -Errno.ENOSYS,
};

export class Dispatcher {
  readonly exchange: Exchange;
  /** indexed by opcode */
  readonly #handlers: readonly (Handler | undefined)[];

  constructor(tree: ReadonlyTree, options: ExchangeOptions, report: RequestReport) {
    this.exchange = new Exchange(tree, options, report);
    const listing = new DirectoryListing(this.exchange);
    const handlers: Record<string, Handler> = {
      LOOKUP: lookup,
      GETATTR: getattr,
      READLINK: readlink,
      OPEN: open,
      READ: read,
      STATFS: statfs,
      RELEASE: succeed,
      GETXATTR: getxattr,
      LISTXATTR: listxattr,
      INIT: init,
      READDIR: listing.readdir,
      RELEASEDIR: succeed,
      DESTROY: succeed,
      IOCTL: () => -Errno.ENOTTY,
      READDIRPLUS: listing.readdirplus,
      LSEEK: lseek,
    };
    this.#handlers = OPCODES.map((row) => row && (handlers[row.name] ?? KIND_HANDLERS[row.kind]));
  }

  /**
   * Answers the request in the first `length` bytes of exchange.request.
   * Returns the bytes of exchange.reply to send, or 0 for none. Throws a Miss, and nothing else.
   */
  dispatch(length: number): number {
    const { exchange } = this;
    const { input, tree } = exchange;
    exchange.requestLength = length;
    if (length < IN_HEADER_SIZE) return this.#malformed();
    const opcode = input.getUint32(4, LITTLE_ENDIAN);
    const row = OPCODES[opcode];
    if (row?.kind === 'silent') return 0;
    if (input.getUint32(0, LITTLE_ENDIAN) !== length) return this.#malformed();
    if (row === undefined) return this.refuse(Errno.ENOSYS);
    if (length < IN_HEADER_SIZE + row.inSize) return this.#malformed();
    const node = readNodeId(input, 16, tree.root);
    if (node === undefined && !WITHOUT_NODE.has(row.name)) return this.refuse(Errno.ESTALE);
    exchange.node = node ?? tree.root;
    try {
      const result = this.#handlers[opcode]!(exchange);
      return result < 0 ? this.refuse(-result) : this.#finish(result, 0);
    } catch (problem) {
      if (!(problem instanceof Error)) throw problem;
      return this.fail(problem);
    }
  }

  /** Reports what kept the present request from an answer, and answers with its errno. Returns as refuse does. */
  fail(problem: Error): number {
    const { exchange } = this;
    const { opcode } = exchange;
    counters.failed(opcode);
    exchange.report(OPCODES[opcode]?.name ?? `opcode ${opcode}`, exchange.node, problem);
    return this.refuse(errnoOf(problem));
  }

  /** An error as the reply to the present request. Returns the bytes of exchange.reply to send. */
  refuse(errno: number): number {
    return this.#finish(0, errno);
  }

  #finish(payload: number, errno: number): number {
    const { input, output } = this.exchange;
    output.setUint32(0, OUT_HEADER_SIZE + payload, LITTLE_ENDIAN);
    output.setInt32(4, -errno, LITTLE_ENDIAN);
    output.setUint32(8, input.getUint32(8, LITTLE_ENDIAN), LITTLE_ENDIAN);
    output.setUint32(12, input.getUint32(12, LITTLE_ENDIAN), LITTLE_ENDIAN);
    return OUT_HEADER_SIZE + payload;
  }

  /** A request that is not what its opcode says; without its unique there is nobody to answer. */
  #malformed(): number {
    const { exchange } = this;
    const { input, requestLength } = exchange;
    const opcode = requestLength >= 8 ? input.getUint32(4, LITTLE_ENDIAN) : 0;
    const name = OPCODES[opcode]?.name ?? `opcode ${opcode}`;
    const claimed = requestLength >= 4 ? input.getUint32(0, LITTLE_ENDIAN) : 0;
    const expected = IN_HEADER_SIZE + (OPCODES[opcode]?.inSize ?? 0);
    exchange.report(
      name,
      exchange.tree.root,
      new Error(
        `${name} request of ${requestLength} bytes says it has ${claimed}, expected ${expected} at least; ` +
          'refused as invalid',
      ),
    );
    return requestLength < UNIQUE_END ? 0 : this.refuse(Errno.EINVAL);
  }
}
