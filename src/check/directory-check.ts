/** The names of one directory, every entry on its own: what is wrong with one costs no other (erofs-format §8). */
import { hex, isNid, nidName, readNid } from '../erofs-reader/bytes.js';
import { ErofsError } from '../erofs-reader/errors.js';
import type { DataNode } from '../erofs-reader/image.js';
import type { Inode } from '../erofs-reader/inode.js';
import { DIRENT_SIZE } from '../erofs-reader/layout.js';
import { readData } from '../erofs-reader/read.js';
import { DirentBlock, isDots, nameProblem, printable } from './dirent-block.js';
import type { FindingCode, Subject } from './finding.js';
import { isProofOfDamage } from './integrity.js';
import type { Session } from './session.js';

/** What is done with entries that lead somewhere. `offset` is their byte in the image, where it is known. */
export interface DirectoryVisitor {
  dot(nid: number, offset: number | undefined): void;
  dotDot(nid: number, offset: number | undefined): void;
  /** `name` is borrowed */
  child(name: Uint8Array, nid: number, type: number, offset: number | undefined): Promise<void>;
}

/** After so many findings in one directory its rest is left: it may be one and the same block 2^40 times. */
const PATIENCE = 64;

export class DirectoryCheck {
  readonly #session: Session;
  readonly #subject: Subject;
  readonly #inode: Inode;
  readonly #visitor: DirectoryVisitor;
  #found = 0;
  #last: Uint8Array | undefined;
  #isSorted = true;
  #hasDot = false;
  #hasDotDot = false;
  /** false once an entry could not be read */
  #isWhole = true;

  constructor(session: Session, subject: Subject, inode: Inode, visitor: DirectoryVisitor) {
    this.#session = session;
    this.#subject = subject;
    this.#inode = inode;
    this.#visitor = visitor;
  }

  async run(): Promise<void> {
    const { image } = this.#session;
    const node = await this.#attempt(() => image.data(this.#inode));
    if (node === undefined) return;
    const { blockSize } = image.geometry;
    for (let position = 0; position < this.#inode.size; position += blockSize) {
      if (!this.#mayGoOn(position)) return;
      const block = await this.#readBlock(node, position);
      if (block !== undefined) await this.#checkBlock(block);
    }
    this.#checkDots();
    if (!this.#isSorted) await this.#findDuplicates(node);
  }

  #mayGoOn(position: number): boolean {
    const { blockSize } = this.#session.image.geometry;
    this.#session.directoryBytesLeft -= Math.min(blockSize, this.#inode.size - position);
    const reason =
      this.#found >= PATIENCE
        ? `${this.#found} findings before it`
        : this.#session.directoryBytesLeft < 0
          ? 'directories share their bytes'
          : undefined;
    if (reason === undefined) return true;
    this.#miss();
    this.#add('bad-directory', position, `${reason}; the rest is left unread`);
    return false;
  }

  async #readBlock(node: DataNode, position: number): Promise<DirentBlock | undefined> {
    const { image } = this.#session;
    const length = Math.min(image.geometry.blockSize, this.#inode.size - position);
    return this.#attempt(() => {
      const bytes = new Uint8Array(length);
      readData(image, node, position, bytes);
      const extent = node.mapper.map(position, position + length);
      const isStored = extent.kind === 'raw' || extent.kind === 'inline';
      return new DirentBlock(bytes, position, isStored ? extent.offset + position - extent.start : undefined);
    });
  }

  async #checkBlock(block: DirentBlock): Promise<void> {
    const { bytes, count, firstNameOffset, position, offset } = block;
    if (count === 0) {
      this.#miss();
      this.#add(
        'bad-directory',
        position,
        `first nameoff ${firstNameOffset} in ${bytes.length} bytes`,
        offset,
      );
    }
    for (let entry = 0; entry < count; entry++) await this.#checkEntry(block, entry);
    if (count > 0 && block.hasHiddenBytes) {
      this.#add('bad-name', position, 'bytes behind the NUL that ends the last name', offset);
    }
  }

  async #checkEntry(block: DirentBlock, entry: number): Promise<void> {
    const { view, bytes, position } = block;
    const at = entry * DIRENT_SIZE;
    const offset = block.offset === undefined ? undefined : block.offset + at;
    const add = (code: FindingCode, what: string): void =>
      this.#add(code, position, `entry ${entry}: ${what}`, offset);
    const name = block.name(entry);
    if (name === undefined) {
      const { start, end } = block.bounds(entry);
      this.#miss();
      add('bad-directory', `name at bytes ${start} to ${end} of a block of ${bytes.length}`);
      return;
    }
    const problem = nameProblem(name);
    if (problem !== undefined) add('bad-name', `${problem}, ${printable(name)}`);
    this.#checkOrder(name, add);
    const reserved = view.getUint8(at + 11);
    if (reserved !== 0) add('dirent-reserved', `reserved byte ${reserved}, expected 0`);
    if (!isNid(view, at)) {
      this.#miss();
      add('bad-nid', `nid ${view.getBigUint64(at, true)} is outside any image, ${printable(name)}`);
      return;
    }
    const nid = readNid(view, at, 'nid');
    if (isDots(name, 1)) {
      this.#hasDot = true;
      this.#visitor.dot(nid, offset);
    } else if (isDots(name, 2)) {
      this.#hasDotDot = true;
      this.#visitor.dotDot(nid, offset);
    } else {
      await this.#visitor.child(name, nid, view.getUint8(at + 10), offset);
    }
  }

  /** Names ascend strictly, over the borders of blocks; lookups rely on it. */
  #checkOrder(name: Uint8Array, add: (code: FindingCode, what: string) => void): void {
    const last = this.#last;
    this.#last = name;
    const order = last === undefined ? -1 : Buffer.compare(last, name);
    if (order === 0) add('duplicate-name', printable(name));
    if (order <= 0) return;
    this.#isSorted = false;
    add('unsorted-names', `${printable(name)} behind ${printable(last!)}`);
  }

  /** In a directory that is not sorted, equal names need not be neighbours. */
  async #findDuplicates(node: DataNode): Promise<void> {
    const { blockSize } = this.#session.image.geometry;
    const met = new Set<string>();
    let last: string | undefined;
    for (let position = 0; position < this.#inode.size; position += blockSize) {
      const block = await this.#readBlock(node, position);
      for (let entry = 0; entry < (block?.count ?? 0); entry++) {
        const bytes = block!.name(entry);
        if (bytes === undefined) continue;
        const name = Buffer.from(bytes).toString('latin1');
        if (met.has(name) && name !== last) {
          this.#add('duplicate-name', position, `entry ${entry}: ${printable(bytes)}`, block!.offset);
        }
        met.add(name);
        last = name;
      }
    }
  }

  /** ".." is always stored, "." unless the inode says that it is omitted. */
  #checkDots(): void {
    const { dotOmitted } = this.#inode;
    if (!this.#isWhole) return;
    if (!this.#hasDotDot) this.#add('bad-dot', 0, '".." is missing');
    if (this.#hasDot !== dotOmitted) return;
    this.#add('bad-dot', 0, dotOmitted ? '"." is stored, and the inode says it is not' : '"." is missing');
  }

  /** undefined where the bytes cannot be read; data-check.ts, pcluster-check.ts or proof-check.ts say why. */
  async #attempt<T>(operation: () => T): Promise<T | undefined> {
    try {
      return await this.#session.opened.run(operation);
    } catch (error) {
      if (!(error instanceof ErofsError || isProofOfDamage(error))) throw error;
      this.#found++;
      this.#miss();
      return undefined;
    }
  }

  /** Names were not read: what is missing may be among them. */
  #miss(): void {
    this.#isWhole = false;
    this.#session.isComplete = false;
  }

  #add(code: FindingCode, position: number, what: string, offset?: number): void {
    this.#found++;
    const where = `directory ${nidName(this.#inode.nid)}: block at ${hex(position)}`;
    this.#session.findings.add(code, this.#subject, `${where}: ${what}`, offset);
  }
}
