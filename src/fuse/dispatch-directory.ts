/**
 * READDIR and READDIRPLUS: as many entries as fit, each a multiple of 8 bytes; the cookie goes on after any of them.
 *
 * One listing a worker, with one `emit` made once, since a closure for every call would be garbage. Where attributes of
 * several entries are not here they are missed together: one Miss for all, not one after the other.
 */
import { type DirEntry, FileType, isSelfOrParent, type ReadonlyTree } from '../tree/tree.js';
import { direntType, writeEntryOut } from './attr.js';
import type { Exchange } from './dispatch-exchange.js';
import { Errno } from './errno.js';
import {
  DIRENT_SIZE,
  ENTRY_OUT_SIZE,
  IN_HEADER_SIZE,
  LITTLE_ENDIAN,
  MAX_READ,
  OUT_HEADER_SIZE,
  readU64,
  writeU64,
} from './protocol.js';

/** What a tree throws that is no Error: what it lists is to be fetched, whatever that is. */
interface Missed {
  readonly miss: true;
  readonly ranges: readonly unknown[];
}

export class DirectoryListing {
  readonly #exchange: Exchange;
  #withAttributes = false;
  /** bytes of the reply, its header included, so far and at most */
  #end = OUT_HEADER_SIZE;
  #limit = OUT_HEADER_SIZE;
  /** what is missed so far; undefined where nothing is */
  #missed: unknown[] | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  readonly readdir = (): number => this.#list(false);

  readonly readdirplus = (): number => this.#list(true);

  #list(withAttributes: boolean): number {
    const { input, tree, node, report } = this.#exchange;
    const cookie = readU64(input, IN_HEADER_SIZE + 8);
    if (cookie === undefined) return -Errno.EINVAL;
    const room = input.getUint32(IN_HEADER_SIZE + 16, LITTLE_ENDIAN);
    this.#withAttributes = withAttributes;
    this.#end = OUT_HEADER_SIZE;
    this.#limit = OUT_HEADER_SIZE + Math.min(room, MAX_READ);
    this.#missed = undefined;
    if (withAttributes) this.#exchange.state.listings.begin(node, cookie === 0);
    try {
      tree.readdir(node, cookie, this.#emit);
    } catch (problem) {
      if (!(problem instanceof Error)) this.#note(problem as Missed);
      // What was listed before the damage is given; the next call starts at the damage and fails.
      else if (this.#end === OUT_HEADER_SIZE) throw problem;
      else report(withAttributes ? 'READDIRPLUS' : 'READDIR', node, problem);
    }
    if (this.#missed !== undefined) throw { miss: true, ranges: this.#missed } satisfies Missed;
    return this.#end - OUT_HEADER_SIZE;
  }

  readonly #emit = (entry: DirEntry): boolean => {
    const { output, reply, tree } = this.#exchange;
    const start = this.#end;
    const dirent = this.#withAttributes ? start + ENTRY_OUT_SIZE : start;
    const nameEnd = dirent + DIRENT_SIZE + entry.name.length;
    const end = OUT_HEADER_SIZE + Math.ceil((nameEnd - OUT_HEADER_SIZE) / 8) * 8;
    if (end > this.#limit) return false;

    if (this.#withAttributes) this.#writeAttributes(start, entry, tree);
    writeU64(output, dirent, entry.ino);
    writeU64(output, dirent + 8, entry.cookie);
    output.setUint32(dirent + 16, entry.name.length, LITTLE_ENDIAN);
    output.setUint32(dirent + 20, direntType(entry.type), LITTLE_ENDIAN);
    if (this.#withAttributes && entry.type === FileType.regular)
      this.#exchange.state.listings.add(entry.node);
    reply.set(entry.name, dirent + DIRENT_SIZE);
    reply.fill(0, nameEnd, end);
    this.#end = end;
    return true;
  };

  /** Node id 0 gives the name alone: for "." and "..", which the protocol wants so, and for a damaged node. */
  #writeAttributes(start: number, entry: DirEntry, tree: ReadonlyTree): void {
    const { output, reply, report } = this.#exchange;
    if (!isSelfOrParent(entry.name)) {
      try {
        writeEntryOut(output, start, entry.node, tree.root, tree.getattr(entry.node));
        return;
      } catch (problem) {
        if (problem instanceof Error) report('READDIRPLUS', entry.node, problem);
        else this.#note(problem as Missed);
      }
    }
    reply.fill(0, start, start + ENTRY_OUT_SIZE);
  }

  #note({ ranges }: Missed): void {
    this.#missed ??= [];
    for (const range of ranges) this.#missed.push(range);
  }
}
