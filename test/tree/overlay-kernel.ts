/** Merged layers as our tree and as Linux's overlayfs show them, in one form. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Test } from 'tap';
import { openFileSource } from '../../src/cache/file-source.js';
import { escapeBytes } from '../../src/commands/escape.js';
import { S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/erofs-reader/layout.js';
import { openSources } from '../../src/open.js';
import { type OverlayLayer, type OverlayOptions, OverlayTree } from '../../src/tree/overlay-tree.js';
import {
  type Attr,
  type DirEntry,
  FileType,
  type NodeId,
  type ReadonlyTree,
  type StatFs,
} from '../../src/tree/tree.js';
import type { Namespace } from '../support/composefs.js';
import { noOverlay } from '../support/composefs-kernel.js';
import { noMkfs } from '../support/make-image.js';
import { differences, type Fields, type Manifest } from '../support/manifest.js';
import { packageRoot } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import type { Scratch } from '../support/scratch.js';

const kernelProgram = join(packageRoot, 'test', 'tree', 'kernel_overlay.py');

export const noKernelOverlay = noPython ?? noOverlay('trusted');
export const noRandomLayers = noKernelOverlay ?? noMkfs;

export interface Shown {
  readonly tree: Manifest;
  readonly statfs: Fields;
}

/** The lowest image first. */
export function shownByKernel(
  scratch: Scratch,
  images: readonly string[],
  { namespace = 'trusted', data = [] }: { namespace?: Namespace; data?: readonly string[] } = {},
): Promise<Shown> {
  const behind = data.length > 0 ? ['::', ...data] : [];
  return observe(kernelProgram, ['show', scratch.folder('root', 'kernel'), namespace, ...images, ...behind]);
}

/** Layers that overlayfs itself made by random changes, the lowest first, and what it shows of them. */
export async function randomLayers(
  scratch: Scratch,
  seed: number,
  count: number,
): Promise<{ images: string[]; shown: Shown }> {
  const folder = scratch.folder('root', 'random');
  const shown = await observe<Shown>(kernelProgram, ['make', folder, `${seed}`, `${count}`]);
  return { images: Array.from({ length: count }, (_, number) => join(folder, `${number}.erofs`)), shown };
}

/** The images as layers, the lowest first. Closes them at the end of the test. */
export async function layersOf(
  t: Test,
  images: readonly string[],
  dataOnly = false,
): Promise<OverlayLayer[]> {
  return Promise.all(
    images.map(async (image) => {
      const opened = await openSources([openFileSource(image)], {});
      t.teardown(() => opened.close());
      return { tree: opened.tree, dataOnly };
    }),
  );
}

const OPTIONS: OverlayOptions = { namespaces: ['trusted'] };

export async function openOverlay(
  t: Test,
  images: readonly string[],
  { data = [], ...options }: OverlayOptions & { data?: readonly string[] } = {},
): Promise<OverlayTree> {
  const layers = [...(await layersOf(t, images)), ...(await layersOf(t, data, true))];
  return new OverlayTree(layers, { ...OPTIONS, ...options });
}

/** Trees of the same layers, each of which meets every node by its id alone, as a thread does that never looked it up. */
export class Strangers implements ReadonlyTree {
  readonly #layers: readonly OverlayLayer[];
  readonly #options: OverlayOptions;

  constructor(layers: readonly OverlayLayer[], options = OPTIONS) {
    this.#layers = layers;
    this.#options = options;
  }

  get #next(): OverlayTree {
    return new OverlayTree(this.#layers, this.#options);
  }

  get root(): NodeId {
    return this.#next.root;
  }

  lookup(parent: NodeId, name: Uint8Array): NodeId | undefined {
    return this.#next.lookup(parent, name);
  }

  getattr(node: NodeId): Attr {
    return this.#next.getattr(node);
  }

  readlink(node: NodeId): Uint8Array {
    return this.#next.readlink(node);
  }

  readdir(node: NodeId, cookie: number, emit: (entry: DirEntry) => boolean): void {
    let at = cookie;
    const one = (): boolean => {
      let taken = false;
      let wanted = true;
      this.#next.readdir(node, at, (entry) => {
        if (taken) return false;
        wanted = emit(entry);
        at = entry.cookie;
        taken = true;
        return true;
      });
      return taken && wanted;
    };
    while (one());
  }

  read(node: NodeId, offset: number, dst: Uint8Array): number {
    return this.#next.read(node, offset, dst);
  }

  seek(node: NodeId, offset: number, what: 'data' | 'hole'): number | undefined {
    return this.#next.seek(node, offset, what);
  }

  getxattr(node: NodeId, name: Uint8Array): Uint8Array | undefined {
    return this.#next.getxattr(node, name);
  }

  listxattr(node: NodeId): Uint8Array[] {
    return this.#next.listxattr(node);
  }

  statfs(): StatFs {
    return this.#next.statfs();
  }
}

/** All that a reader of a tree can observe, by path. What throws is {"error": code}. */
export function shownBy(tree: ReadonlyTree): Shown {
  const { blockSize, blocks, nameMax } = tree.statfs();
  const statfs = { f_bsize: `${blockSize}`, f_blocks: `${blocks}`, f_files: '-1', f_namemax: `${nameMax}` };
  const manifest: Manifest = {};
  const pending: [string, NodeId][] = [['.', tree.root]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [path, node] = next;
    try {
      manifest[path] = entryOf(tree, node);
    } catch (error) {
      manifest[path] = { error: (error as { code: string }).code };
      continue;
    }
    if (!('names' in manifest[path]!)) continue;
    for (const { name, node: child } of listed(tree, node)) {
      pending.push([path === '.' ? name : `${path}/${name}`, child]);
    }
  }
  return { tree: manifest, statfs };
}

function entryOf(tree: ReadonlyTree, node: NodeId): Fields {
  const attr = tree.getattr(node);
  const mtime = BigInt(attr.mtimeSeconds) * 1_000_000_000n + BigInt(attr.mtimeNanoseconds);
  const xattrs = tree
    .listxattr(node)
    .map((name) => [escapeBytes(name), Buffer.from(tree.getxattr(node, name)!).toString('hex')]);
  const fields: Fields = {
    mode: `0o${attr.mode.toString(8)}`,
    ...{ uid: attr.uid, gid: attr.gid, size: attr.size, blocks: attr.blocks, nlink: attr.nlink },
    ...{ ino: `${attr.ino}`, mtime: `${mtime}`, rdev: [attr.major, attr.minor] },
    xattrs: Object.fromEntries(xattrs),
  };
  const format = attr.mode & S_IFMT;
  if (format === S_IFLNK) fields.target = escapeBytes(tree.readlink(node));
  else if (format === S_IFREG) {
    const bytes = new Uint8Array(attr.size);
    const read = tree.read(node, 0, bytes);
    fields.sha256 = createHash('sha256').update(bytes.subarray(0, read)).digest('hex');
    fields.data = dataRanges(tree, node);
  } else if (format === S_IFDIR) {
    fields.names = Object.fromEntries(listed(tree, node).map(({ name, type }) => [name, kindOf(type)]));
  }
  return fields;
}

function dataRanges(tree: ReadonlyTree, node: NodeId): [number, number][] {
  const ranges: [number, number][] = [];
  for (let at = tree.seek(node, 0, 'data'); at !== undefined; ) {
    const end = tree.seek(node, at, 'hole')!;
    ranges.push([at, end]);
    at = tree.seek(node, end, 'data');
  }
  return ranges;
}

const kindOf = (type: FileType): string =>
  type === FileType.directory ? 'directory' : type === FileType.symlink ? 'link' : 'other';

export interface Listed {
  readonly name: string;
  readonly node: NodeId;
  readonly ino: number;
  readonly type: FileType;
  readonly cookie: number;
}

/** The entries of a directory but "." and "..", names percent-escaped. */
export function listed(tree: ReadonlyTree, node: NodeId): Listed[] {
  const entries: Listed[] = [];
  tree.readdir(node, 0, (entry) => entries.push({ ...entry, name: escapeBytes(entry.name) }) > 0);
  return entries.filter(({ name }) => name !== '.' && name !== '..');
}

/** Asserts that both show the same; inode numbers need only say of the same names that they are one node. */
export function sameShown(t: Test, ours: Shown, kernel: Shown, name: string): void {
  t.same(differences(comparable(ours.tree), comparable(kernel.tree)), [], name);
  t.same(ours.statfs, kernel.statfs, `${name}: statfs`);
}

function comparable(tree: Manifest): Manifest {
  const first = new Map<unknown, string>();
  for (const path of Object.keys(tree).sort()) {
    const { ino } = tree[path]!;
    if (ino !== undefined && !first.has(ino)) first.set(ino, path);
  }
  return Object.fromEntries(
    Object.entries(tree).map(([path, { ino, ...fields }]) => [path, { ...fields, same: first.get(ino) }]),
  );
}
