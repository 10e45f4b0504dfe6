/**
 * Makes what a walk meets. LAW: never writes outside the target directory, whatever the image says: names are
 * checked, directories held open, everything made exclusively, and the symbolic links of a directory made last.
 */
import { constants, linkSync, lstatSync, symlinkSync } from 'node:fs';
import { PIECE_SIZE } from '../commands/content.js';
import { isDevice, isDirectory, isRegular, isSymlink, typeName } from '../commands/mode-string.js';
import type { OpenTree } from '../commands/open-tree.js';
import { quoteName } from '../commands/quote.js';
import type { Entry, Visitor } from '../commands/walk.js';
import { makeNode } from '../system/libc.js';
import type { NodeId } from '../tree/tree.js';
import { AttributeWriter, type Identity } from './attributes.js';
import { codeOf, ExtractError, endsExtraction } from './errors.js';
import { closeFile, copyContent, createFile } from './file-content.js';
import { checkName } from './file-name.js';
import { Allowance, type ExtractLimits } from './limits.js';
import { nodeOfDescriptor, withMadeNode } from './made-node.js';
import { Tally } from './tally.js';
import type { TargetDirectory } from './target-directory.js';

/** Where a file system, or a rule of the kernel, has no hard link for us. */
const NO_HARD_LINK = new Set(['EMLINK', 'EPERM', 'EXDEV', 'ENAMETOOLONG', 'ENOTSUP', 'EOPNOTSUPP']);

const ONLY_ROOT = 'which only root can make';

/** What is made of an image only where it is asked for, and how much of it. */
export interface ExtractPolicy extends ExtractLimits {
  /** device nodes, but for whiteouts, which lead to no device */
  readonly devices: boolean;
  /** setuid and setgid bits and capabilities of files */
  readonly suid: boolean;
}

/** Who hears of an extraction. */
export interface ExtractListener {
  /** of what was not extracted, or not wholly */
  problem(path: Uint8Array, error: unknown): void;
  /** often, of what was; lent */
  progress(tally: Tally): void;
}

/** A directory that is being filled. */
interface Level {
  readonly directory: TargetDirectory;
  readonly symlinks: Entry[];
}

/** The first name of an inode with several. */
interface FirstLink {
  readonly path: Uint8Array;
  readonly device: bigint;
  readonly inode: bigint;
}

export class Extractor implements Visitor {
  readonly tally = new Tally();
  readonly #open: OpenTree;
  readonly #root: TargetDirectory;
  readonly #identity: Identity;
  readonly #attributes: AttributeWriter;
  readonly #policy: ExtractPolicy;
  readonly #allowance: Allowance;
  readonly #listener: ExtractListener;
  readonly #levels: Level[] = [];
  readonly #firstLinks = new Map<NodeId, FirstLink>();
  readonly #buffer = new Uint8Array(PIECE_SIZE);
  readonly #copied = (bytes: number) => {
    this.tally.bytesUnderWay += bytes;
    this.#listener.progress(this.tally);
  };

  /** The caller closes `root`, and this. */
  constructor(
    open: OpenTree,
    root: TargetDirectory,
    identity: Identity,
    policy: ExtractPolicy,
    listener: ExtractListener,
  ) {
    this.#open = open;
    this.#root = root;
    this.#identity = identity;
    this.#policy = policy;
    this.#allowance = new Allowance(policy);
    this.#attributes = new AttributeWriter(open, identity, policy.suid, this.tally.shortfalls);
    this.#listener = listener;
  }

  problem(path: Uint8Array, error: Error): void {
    this.#listener.problem(path, error);
  }

  /** Closes what an extraction that has ended early still holds. */
  close(): void {
    for (const { directory } of this.#levels.splice(0)) if (directory !== this.#root) directory.close();
  }

  /** Rejects with what ends the extraction; so does leave(). */
  async entry(entry: Entry): Promise<boolean> {
    try {
      this.#listener.progress(this.tally);
      this.#allowance.takeEntry();
      const level = this.#levels.at(-1);
      if (level !== undefined) await this.#extract(level, entry);
      else if (isDirectory(entry.attr.mode)) this.#enter(this.#root);
      else await this.#make(this.#root, entry);
      return true;
    } catch (error) {
      this.#tell(entry.path, error);
      return false;
    }
  }

  async leave(entry: Entry): Promise<void> {
    const { directory, symlinks } = this.#levels.at(-1)!;
    for (const symlink of symlinks) {
      try {
        await this.#make(directory, symlink);
      } catch (error) {
        this.#tell(symlink.path, error);
      }
    }
    try {
      await this.#attributes.write(directory.node, entry);
      this.tally.directories++;
    } catch (error) {
      this.#tell(entry.path, error);
    }
    this.#levels.pop();
    if (directory !== this.#root) directory.close();
  }

  #tell(path: Uint8Array, error: unknown): void {
    this.#listener.problem(path, error);
    if (endsExtraction(error)) throw error;
  }

  #enter(directory: TargetDirectory): void {
    this.#levels.push({ directory, symlinks: [] });
  }

  async #extract(level: Level, entry: Entry): Promise<void> {
    checkName(entry.name);
    if (isSymlink(entry.attr.mode)) level.symlinks.push(entry);
    else if (isDirectory(entry.attr.mode)) this.#enter(level.directory.makeDirectory(entry.name));
    else await this.#make(level.directory, entry);
  }

  /** All but directories. */
  async #make(directory: TargetDirectory, entry: Entry): Promise<void> {
    checkName(entry.name);
    const { mode, nlink } = entry.attr;
    if (nlink > 1 && this.#makeHardLink(directory, entry)) return;
    if (isRegular(mode)) await this.#makeFile(directory, entry);
    else if (isSymlink(mode)) await this.#makeSymlink(directory, entry);
    else if (!(await this.#makeSpecial(directory, entry))) return;
    if (nlink > 1) this.#rememberLink(directory, entry);
  }

  async #makeFile(directory: TargetDirectory, entry: Entry): Promise<void> {
    this.#allowance.checkFile(entry.attr.size);
    const descriptor = directory.make(entry.name, 'making the file', createFile);
    let isWhole = false;
    try {
      const { tally } = this;
      tally.bytes += await copyContent(this.#open, entry, descriptor, {
        buffer: this.#buffer,
        allowance: this.#allowance,
        copied: this.#copied,
      });
      isWhole = true;
      this.tally.files++;
      await this.#attributes.write(nodeOfDescriptor(descriptor, directory.pathOf(entry.name)), entry);
    } finally {
      this.tally.bytesUnderWay = 0;
      // What is not whole must not look as if it were.
      if (!isWhole) directory.discard(entry.name);
      closeFile(descriptor);
    }
  }

  async #makeSymlink(directory: TargetDirectory, entry: Entry): Promise<void> {
    const target = await this.#open.run(() => Buffer.from(this.#open.tree.readlink(entry.node)));
    directory.make(entry.name, 'making the symbolic link', (path) => symlinkSync(target, path));
    this.tally.symlinks++;
    await this.#setAttributes(directory, entry);
  }

  /** Gives false where it was left out. */
  async #makeSpecial(directory: TargetDirectory, entry: Entry): Promise<boolean> {
    const { mode, major, minor } = entry.attr;
    const type = typeName(mode);
    const reachesDevice = isDevice(mode) && (major !== 0 || minor !== 0);
    if (reachesDevice && !this.#policy.devices) {
      return this.#leaveOut(entry, this.#identity.uid === 0 ? 'which --devices makes' : ONLY_ROOT);
    }
    try {
      const onlyForOwner = (mode & constants.S_IFMT) | 0o600;
      directory.make(entry.name, `making the ${type}`, (path) => makeNode(path, onlyForOwner, major, minor));
    } catch (error) {
      if (!isDevice(mode) || codeOf(error) !== 'EPERM') throw error;
      return this.#leaveOut(entry, ONLY_ROOT);
    }
    this.tally.specials++;
    await this.#setAttributes(directory, entry);
    return true;
  }

  #leaveOut(device: Entry, why: string): false {
    this.tally.shortfalls.add(`device nodes were left out, ${why}`, () => quoteName(device.path));
    return false;
  }

  #setAttributes(directory: TargetDirectory, entry: Entry): Promise<void> {
    const path = directory.pathOf(entry.name);
    return withMadeNode(path, entry.attr.mode, (node) => this.#attributes.write(node, entry));
  }

  /** Gives false where this is the inode's first name, or where it has to become a file of its own. */
  #makeHardLink(directory: TargetDirectory, entry: Entry): boolean {
    const first = this.#firstLinks.get(entry.node);
    if (first === undefined) return false;
    const existing = this.#root.pathOf(first.path);
    try {
      directory.make(entry.name, 'making the hard link', (path) => linkSync(existing, path));
    } catch (error) {
      if (!NO_HARD_LINK.has(String(codeOf(error)))) throw error;
      this.tally.shortfalls.add('hard links became files of their own', () => (error as Error).message);
      return false;
    }
    const { dev, ino } = lstatSync(directory.pathOf(entry.name), { bigint: true });
    if (dev !== first.device || ino !== first.inode) {
      directory.discard(entry.name);
      throw new ExtractError(
        'replaced',
        `the hard link led to a file that is not from this image: ${quoteName(first.path)} was replaced meanwhile`,
      );
    }
    this.tally.hardLinks++;
    return true;
  }

  #rememberLink(directory: TargetDirectory, entry: Entry): void {
    const { dev, ino } = lstatSync(directory.pathOf(entry.name), { bigint: true });
    this.#firstLinks.set(entry.node, { path: entry.path, device: dev, inode: ino });
  }
}
