/**
 * The library's Image over an opened tree: paths in, copies out.
 *
 * LAW: runs in browsers as in Node.js; nothing that is given away is borrowed; after close() nothing is read.
 */
import { fillPiece, PIECE_SIZE } from '../commands/content-range.js';
import { isDirectory, isRegular, typeName } from '../commands/mode-string.js';
import { namesAfter } from '../commands/names.js';
import type { OpenTree } from '../commands/open-tree.js';
import { PathError, resolvePath } from '../commands/path.js';
import { quoteName } from '../commands/quote.js';
import { xattrsOf } from '../commands/xattrs.js';
import { type Attr, type NodeId, TreeError } from '../tree/tree.js';
import type { Entry, Image, Path, Stats, StreamRange, WalkEntry, WalkOptions, Xattr } from './image.js';
import { LibraryError } from './library-error.js';
import { type NameReader, pathBytes } from './names.js';
import { statsOf, typeOfDirent } from './stats.js';
import { walkBelow } from './walk-below.js';

/** What an image is read from, and what ends it. */
export interface ClosableTree extends OpenTree {
  close(): void;
}

interface FoundFile {
  readonly node: NodeId;
  /** bytes */
  readonly size: number;
}

export class ImageFiles<Name> implements Image<Name> {
  readonly #opened: ClosableTree;
  readonly #open: OpenTree;
  readonly #nameOf: NameReader<Name>;
  #isClosed = false;

  /** Takes `opened` over. */
  constructor(opened: ClosableTree, nameOf: NameReader<Name>) {
    this.#opened = opened;
    this.#nameOf = nameOf;
    const run = <T>(operation: () => T): T | Promise<T> =>
      opened.run(() => {
        // also where it runs again after a fetch: a closed descriptor may be another file's by then
        this.#checkOpen();
        return operation();
      });
    this.#open = { tree: opened.tree, run };
  }

  async stat(path: Path): Promise<Stats> {
    return statsOf(await this.#attr(await this.#resolve(path, true)));
  }

  async lstat(path: Path): Promise<Stats> {
    return statsOf(await this.#attr(await this.#resolve(path, false)));
  }

  async *readdir(path: Path): AsyncGenerator<Entry<Name>, void, undefined> {
    const directory = await this.#resolve(path, true);
    if (!isDirectory((await this.#attr(directory)).mode)) {
      throw new PathError('not-directory', `${quoteName(pathBytes(path))} is not a directory`);
    }
    for (let cookie: number | undefined = 0; cookie !== undefined; ) {
      const { names, next } = await namesAfter(this.#open, directory, cookie);
      for (const { name, type } of names) yield { name: this.#nameOf(name), type: typeOfDirent(type) };
      cookie = next;
    }
  }

  async readlink(path: Path): Promise<Name> {
    const node = await this.#resolve(path, false);
    if (statsOf(await this.#attr(node)).type !== 'symlink') {
      throw new TreeError('not-symlink', `${quoteName(pathBytes(path))} is not a symbolic link`);
    }
    return this.#nameOf(await this.#open.run(() => this.#open.tree.readlink(node)));
  }

  async xattrs(path: Path): Promise<Xattr<Name>[]> {
    const found = await xattrsOf(this.#open, await this.#resolve(path, false));
    return found.map(({ name, value }) => ({ name: this.#nameOf(name), value: value.slice() }));
  }

  async readFile(path: Path): Promise<Uint8Array> {
    const { node, size } = await this.#file(path);
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += PIECE_SIZE) {
      await fillPiece(this.#open, node, at, bytes.subarray(at, at + PIECE_SIZE));
    }
    return bytes;
  }

  async read(path: Path, buffer: Uint8Array, offset = 0): Promise<number> {
    requireOffset('offset', offset);
    const { node, size } = await this.#file(path);
    const length = Math.max(0, Math.min(buffer.length, size - offset));
    for (let at = 0; at < length; at += PIECE_SIZE) {
      await fillPiece(this.#open, node, offset + at, buffer.subarray(at, Math.min(length, at + PIECE_SIZE)));
    }
    return length;
  }

  walk(path: Path = '', options: WalkOptions<Name> = {}): AsyncGenerator<WalkEntry<Name>, void, undefined> {
    const start = () => this.#resolve(path, true);
    return walkBelow(this.#open, start, this.#nameOf, options);
  }

  /** The bytes of a range, each piece read when it is asked for and in memory of its own. */
  async *pieces(path: Path, { start = 0, end }: StreamRange): AsyncGenerator<Uint8Array, void, undefined> {
    requireOffset('start', start);
    if (end !== undefined) requireOffset('end', end);
    const { node, size } = await this.#file(path);
    const stop = Math.min(size, end === undefined ? size : end + 1);
    for (let at = start; at < stop; at += PIECE_SIZE) {
      const piece = new Uint8Array(Math.min(PIECE_SIZE, stop - at));
      await fillPiece(this.#open, node, at, piece);
      yield piece;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#opened.close();
  }

  async #resolve(path: Path, follow: boolean): Promise<NodeId> {
    this.#checkOpen();
    return resolvePath(this.#open, pathBytes(path), follow);
  }

  async #attr(node: NodeId): Promise<Attr> {
    return this.#open.run(() => this.#open.tree.getattr(node));
  }

  async #file(path: Path): Promise<FoundFile> {
    const node = await this.#resolve(path, true);
    const { mode, size } = await this.#attr(node);
    if (isRegular(mode)) return { node, size };
    const what = `${quoteName(pathBytes(path))} is a ${typeName(mode)}; only regular files have content`;
    throw new PathError(isDirectory(mode) ? 'is-directory' : 'not-regular', what);
  }

  #checkOpen(): void {
    if (this.#isClosed)
      throw new LibraryError('closed', 'the image was closed; open it again to read from it');
  }
}

function requireOffset(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new LibraryError('usage', `${name} is ${value}; expected a number of bytes from 0 on`);
}
