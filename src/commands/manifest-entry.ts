/** One node as the fixture manifests describe it: all that a reader of a tree can observe. */
import type { NodeId } from '../tree/tree.js';
import { PIECE_SIZE, sha256Of, xattrsOf } from './content.js';
import { escapeBytes } from './escape.js';
import { isDevice, isDirectory, isRegular, isSymlink } from './mode-string.js';
import type { OpenTree } from './open-tree.js';
import { nanosecondsSince1970 } from './time-string.js';
import type { Entry } from './walk.js';

/** Names and targets are percent-escaped; an absent field does not apply, or could not be read. */
export interface ManifestEntry {
  path: string;
  /** type and permission bits, octal */
  mode: string;
  uid: number;
  gid: number;
  nlink: number;
  /** decimal nanoseconds since 1970 */
  mtime_ns: string;
  /** bytes; regular files and symlinks */
  size?: number;
  /** regular files, where asked for */
  sha256?: string;
  /** symlinks */
  target?: string;
  /** major and minor; device nodes */
  rdev?: [number, number];
  /** hexadecimal values by full name, where there are any */
  xattrs?: Record<string, string>;
  /** of hard links, the first path met that leads to the inode; for that path itself, too */
  same_inode_as?: string;
}

export class ManifestReader {
  readonly #open: OpenTree;
  readonly #digestBuffer: Uint8Array | undefined;
  readonly #problem: (path: Uint8Array, error: unknown) => void;
  readonly #firstPaths = new Map<NodeId, string>();

  /** `problem` hears what could not be read; the entry then lacks that field. */
  constructor(
    open: OpenTree,
    options: { readonly digest: boolean },
    problem: (path: Uint8Array, error: unknown) => void,
  ) {
    this.#open = open;
    this.#digestBuffer = options.digest ? new Uint8Array(PIECE_SIZE) : undefined;
    this.#problem = problem;
  }

  async read(entry: Entry): Promise<ManifestEntry> {
    const { attr, node } = entry;
    const path = escapeBytes(entry.path);
    const described: ManifestEntry = {
      path,
      mode: attr.mode.toString(8),
      uid: attr.uid,
      gid: attr.gid,
      nlink: attr.nlink,
      mtime_ns: nanosecondsSince1970(attr.mtimeSeconds, attr.mtimeNanoseconds),
    };
    if (isRegular(attr.mode) || isSymlink(attr.mode)) described.size = attr.size;
    if (isDevice(attr.mode)) described.rdev = [attr.major, attr.minor];
    try {
      if (isSymlink(attr.mode)) {
        described.target = escapeBytes(await this.#open.run(() => this.#open.tree.readlink(node)));
      }
      if (isRegular(attr.mode) && this.#digestBuffer !== undefined) {
        described.sha256 = await sha256Of(this.#open, node, attr.size, this.#digestBuffer);
      }
    } catch (error) {
      this.#problem(entry.path, error);
    }
    await this.#readXattrs(entry, described);
    if (attr.nlink > 1 && !isDirectory(attr.mode)) described.same_inode_as = this.#firstPath(node, path);
    return described;
  }

  async #readXattrs(entry: Entry, described: ManifestEntry): Promise<void> {
    try {
      const xattrs = await xattrsOf(this.#open, entry.node);
      if (xattrs.length === 0) return;
      described.xattrs = Object.fromEntries(
        xattrs.map(({ name, value }) => [escapeBytes(name), Buffer.from(value).toString('hex')]),
      );
    } catch (error) {
      this.#problem(entry.path, error);
    }
  }

  #firstPath(node: NodeId, path: string): string {
    const first = this.#firstPaths.get(node);
    if (first !== undefined) return first;
    this.#firstPaths.set(node, path);
    return path;
  }
}
