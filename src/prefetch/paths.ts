/** The data of named files, in the order in which they are named; of directories, with all that is below them. */
import { readFileSync } from 'node:fs';
import { isDirectory, isRegular } from '../commands/mode-string.js';
import { resolvePath } from '../commands/path.js';
import { startAt, walk } from '../commands/walk.js';
import type { MissedRange } from '../erofs-reader/bytes.js';
import { RemoteError } from '../remote/remote-blob.js';
import type { NodeId } from '../tree/tree.js';
import { BackgroundReader } from './background-reader.js';
import { dataRanges } from './data-ranges.js';
import { GrowingWindow } from './growing-window.js';
import { prefetchMetadata, prefetchMetadataBelow } from './metadata.js';
import type { RemoteImage } from './remote-image.js';

/** Bytes of a file that are planned at a time: the plan of a compressed one has an entry for each 4 KiB. */
const PLANNED = 16 << 20;
/** Bytes of a file that are read at a time, where reading is the only way to find out where they lie. */
const READ = 4 << 20;
/** Paths that are sought together. */
const SOUGHT = 1024;
const NEWLINE = 0x0a;
const SLASH = 0x2f;

/** A file of paths, one a line, as bytes; empty lines count for nothing. Throws the system's error. */
export function readPathList(file: string): Uint8Array[] {
  return [...partsOf(readFileSync(file), NEWLINE)];
}

/** What lies between separators; nothing for two in a row. */
function* partsOf(bytes: Uint8Array, separator: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; ) {
    const next = bytes.indexOf(separator, start);
    const end = next < 0 ? bytes.length : next;
    if (end > start) yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/**
 * `report` is told of paths that lead nowhere or are damaged; the rest goes on. Rejects with RemoteError, or the signal's
 * reason.
 */
export async function prefetchPaths(
  image: RemoteImage,
  paths: readonly Uint8Array[],
  report: (problem: Error) => void,
  signal?: AbortSignal,
): Promise<void> {
  await new NamedData(image, report, signal).prefetch(paths);
}

class NamedData {
  readonly #image: RemoteImage;
  readonly #report: (problem: Error) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #reader: BackgroundReader;
  readonly #window = new GrowingWindow<MissedRange>();
  #hasMetadata = false;
  #scratch: Uint8Array | undefined;

  constructor(image: RemoteImage, report: (problem: Error) => void, signal: AbortSignal | undefined) {
    this.#image = image;
    this.#report = report;
    this.#signal = signal;
    this.#reader = new BackgroundReader(image, signal);
  }

  async prefetch(paths: readonly Uint8Array[]): Promise<void> {
    for (const [i, path] of paths.entries()) {
      if (i % SOUGHT === 0) await this.#seek(paths.slice(i, i + SOUGHT));
      try {
        await this.#addBelow(path);
      } catch (error) {
        this.#leaveOut(error);
      }
    }
    await this.#reader.fetch(this.#window.rest());
  }

  /** Gets what leads to many paths in a few round trips; one after the other would take some for each. Follows no links. */
  #seek(paths: readonly Uint8Array[]): Promise<void> {
    const { tree } = this.#image;
    return this.#reader.runAll(paths, (path) => {
      let node: NodeId | undefined = tree.root;
      for (const name of partsOf(path, SLASH)) {
        node = tree.lookup(node, name);
        if (node === undefined) return;
      }
      if (isRegular(tree.getattr(node).mode)) this.#rangesOf(node, 0);
    });
  }

  /** What the next bytes of a file take; nothing where layers are merged, of which only reading tells whose file it is. */
  #rangesOf(node: NodeId, offset: number): MissedRange[] {
    const { layers } = this.#image;
    return layers.length > 1 ? [] : dataRanges(layers[0]!.image, node, offset, PLANNED);
  }

  async #addBelow(path: Uint8Array): Promise<void> {
    const start = await startAt(this.#reader, await resolvePath(this.#reader, path, true));
    if (isDirectory(start.attr.mode)) await this.#fetchBelow(start.node);
    await walk(this.#reader, start, {
      entry: async ({ node, attr }) => {
        if (isRegular(attr.mode))
          await this.#addFile(node, attr.size).catch((error) => this.#leaveOut(error));
        return isDirectory(attr.mode);
      },
      problem: (_, error) => this.#leaveOut(error),
    });
  }

  /** Where layers are merged, all of their metadata, once: what lies below may be in any of them. */
  async #fetchBelow(directory: NodeId): Promise<void> {
    const { layers } = this.#image;
    if (layers.length === 1) {
      await prefetchMetadataBelow(this.#image, layers[0]!, directory, this.#signal);
    } else if (!this.#hasMetadata) {
      await prefetchMetadata(this.#image, this.#signal);
      this.#hasMetadata = true;
    }
  }

  async #addFile(node: NodeId, size: number): Promise<void> {
    if (this.#image.layers.length > 1) return this.#readFile(node, size);
    for (let offset = 0; offset < size; offset += PLANNED) {
      for (const range of await this.#reader.run(() => this.#rangesOf(node, offset))) {
        const full = this.#window.add(range);
        if (full !== undefined) await this.#reader.fetch(full);
      }
    }
  }

  async #readFile(node: NodeId, size: number): Promise<void> {
    this.#scratch ??= new Uint8Array(READ);
    const { tree } = this.#image;
    for (let offset = 0; offset < size; offset += READ) {
      await this.#reader.run(() => tree.read(node, offset, this.#scratch!));
    }
  }

  #leaveOut(error: unknown): void {
    this.#signal?.throwIfAborted();
    if (error instanceof RemoteError) throw error;
    this.#report(error as Error);
  }
}
