/**
 * A walk of an image as a tar archive, in a stream.
 *
 * LAW: no byte stands in it that the image does not have. A file that cannot be read is left out where that is known before its
 * head is written; afterwards the archive ends there, without the blocks that would make it whole.
 */
import { constants } from 'node:fs';
import { PIECE_SIZE, readRange, xattrsOf } from '../commands/content.js';
import { isDirectory, isRegular, isSymlink } from '../commands/mode-string.js';
import type { OpenTree } from '../commands/open-tree.js';
import type { Output } from '../commands/output.js';
import { quoteName } from '../commands/quote.js';
import { type Entry, type Visitor, walk } from '../commands/walk.js';
import type { NodeId } from '../tree/tree.js';
import { ExtractError } from './errors.js';
import type { ExtractListener } from './extractor.js';
import { checkName } from './file-name.js';
import { Tally } from './tally.js';
import { BLOCK_SIZE, type MemberType, memberHead, padding } from './tar-member.js';

/**
 * Archives `start` and all below it; a directory becomes ".", whose content follows. `problem` hears what was left out, `progress` often how far it is.
 * Rejects with OutputError, and with ExtractError 'cut-off' where a file turned out to be damaged when its head had been written.
 */
export async function writeTar(
  open: OpenTree,
  start: Entry,
  output: Output,
  problem: (path: Uint8Array, error: unknown) => void,
  progress: (tally: Tally) => void = () => {},
): Promise<Tally> {
  const writer = new TarWriter(open, new Collected(output), { problem, progress });
  await walk(open, start, writer);
  await writer.end();
  return writer.tally;
}

const { S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT } = constants;

const SPECIAL_TYPES: Readonly<Record<number, MemberType>> = {
  [S_IFCHR]: 'CharacterDevice',
  [S_IFBLK]: 'BlockDevice',
  [S_IFIFO]: 'FIFO',
};

class TarWriter implements Visitor {
  readonly tally = new Tally();
  readonly #open: OpenTree;
  readonly #archive: Collected;
  readonly #listener: ExtractListener;
  readonly #firstPaths = new Map<NodeId, Uint8Array>();
  readonly #buffer = new Uint8Array(PIECE_SIZE);

  constructor(open: OpenTree, archive: Collected, listener: ExtractListener) {
    this.#open = open;
    this.#archive = archive;
    this.#listener = listener;
  }

  problem(path: Uint8Array, error: Error): void {
    this.#listener.problem(path, error);
  }

  async entry(entry: Entry): Promise<boolean> {
    this.#listener.progress(this.tally);
    let write: () => Promise<void>;
    try {
      write = await this.#prepare(entry);
    } catch (error) {
      this.#listener.problem(entry.path, error);
      return false;
    }
    await write();
    return true;
  }

  /** Two blocks of NULs, without which an archive is cut off. */
  async end(): Promise<void> {
    await this.#archive.add(new Uint8Array(2 * BLOCK_SIZE));
    await this.#archive.flush();
  }

  /** Reads all that may be damaged, as far as it fits in memory, and gives what writes the member. */
  async #prepare(entry: Entry): Promise<() => Promise<void>> {
    const { attr, node, path } = entry;
    const { mode, nlink } = attr;
    if (isDirectory(mode)) {
      const xattrs = await xattrsOf(this.#open, node);
      if (path.length !== 1 || path[0] !== 0x2e) checkName(entry.name);
      return async () => {
        this.tally.directories++;
        await this.#archive.add(memberHead({ type: 'Directory', path, attr, size: 0, xattrs }));
      };
    }
    checkName(entry.name);
    const first = nlink > 1 ? this.#firstPaths.get(node) : undefined;
    if (first !== undefined) {
      return async () => {
        this.tally.hardLinks++;
        await this.#archive.add(memberHead({ type: 'Link', path, attr, size: 0, target: first, xattrs: [] }));
      };
    }
    const write = isRegular(mode) ? await this.#prepareFile(entry) : await this.#prepareSpecial(entry);
    if (nlink > 1) this.#firstPaths.set(node, path);
    return write;
  }

  async #prepareFile({ attr, node, path }: Entry): Promise<() => Promise<void>> {
    const { size } = attr;
    const head = memberHead({ type: 'File', path, attr, size, xattrs: await xattrsOf(this.#open, node) });
    const isSmall = size <= this.#buffer.length;
    // the buffer stays as it is until the member is written
    if (isSmall) await readRange(this.#open, node, 0, size, this.#buffer, () => {});
    return async () => {
      await this.#archive.add(head);
      if (isSmall) await this.#archive.add(this.#buffer.subarray(0, size));
      else await this.#copy(node, size, path);
      await this.#archive.add(padding(size));
      this.tally.files++;
      this.tally.bytes += size;
      this.tally.bytesUnderWay = 0;
    };
  }

  async #copy(node: NodeId, size: number, path: Uint8Array): Promise<void> {
    try {
      await readRange(this.#open, node, 0, size, this.#buffer, (piece) => {
        this.tally.bytesUnderWay += piece.length;
        this.#listener.progress(this.tally);
        return this.#archive.add(piece);
      });
    } catch (error) {
      if ((error as Error).name !== 'ContentError') throw error;
      throw new ExtractError(
        'cut-off',
        `${quoteName(path)}: ${(error as Error).message}; the archive ends there and is not whole: archive the rest with --path, or extract into a directory, which leaves the file out`,
        { cause: error },
      );
    }
  }

  async #prepareSpecial({ attr, node, path }: Entry): Promise<() => Promise<void>> {
    const xattrs = await xattrsOf(this.#open, node);
    const type = isSymlink(attr.mode) ? 'SymbolicLink' : SPECIAL_TYPES[attr.mode & S_IFMT];
    if (type === undefined) {
      this.tally.shortfalls.add('sockets were left out, which tar does not have', () => quoteName(path));
      return async () => {};
    }
    const target =
      type === 'SymbolicLink'
        ? await this.#open.run(() => Uint8Array.from(this.#open.tree.readlink(node)))
        : undefined;
    return async () => {
      if (type === 'SymbolicLink') this.tally.symlinks++;
      else this.tally.specials++;
      await this.#archive.add(memberHead({ type, path, attr, size: 0, target, xattrs }));
    };
  }
}

/** Collects small pieces into large writes. */
class Collected {
  readonly #output: Output;
  readonly #buffer = new Uint8Array(PIECE_SIZE);
  #length = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** `bytes` may be reused when it settles. Rejects with OutputError. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + this.#buffer.length - this.#length);
      this.#buffer.set(piece, this.#length);
      this.#length += piece.length;
      at += piece.length;
      if (this.#length === this.#buffer.length) await this.flush();
    }
  }

  async flush(): Promise<void> {
    await this.#output.write(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }
}
