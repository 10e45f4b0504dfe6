/**
 * One opened image as the page asks for it, a folder, a file or a device at a time.
 *
 * LAW of this room: it shows an image to one browser on this machine and changes nothing. Whatever is asked for, the answer has an upper
 * bound, and others are answered meanwhile. What cannot be read is shown with its code.
 */
import { isAbsolute } from 'node:path';
import { unescapeBytes } from '../commands/escape.js';
import { resolvePath } from '../commands/path.js';
import { type ImageSpec, layerSpecs, type OpenedImage } from '../open.js';
import type { NodeId } from '../tree/tree.js';
import type { BlockCells } from './block-cells.js';
import { BlockMap } from './block-map.js';
import { cachedCells, type DeviceFile } from './cached-cells.js';
import { fileFacts } from './file-facts.js';
import { FolderSizes } from './folder-sizes.js';
import { imageFacts } from './image-facts.js';
import { listFolder } from './listing.js';
import { mountFacts, socketOf } from './mount-facts.js';
import { deviceReads } from './read-cells.js';
import type {
  Measure,
  ShownBlocks,
  ShownCached,
  ShownFile,
  ShownFolder,
  ShownImage,
  ShownReads,
  ShownSizes,
} from './shapes.js';
import { tilesOf } from './tiles.js';

/** Milliseconds that an answer waits for what is being counted: a small image is there at once. */
const PATIENCE = 200;

/** What is asked for is not there. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
  readonly code = 'bad-question';
}

export interface ExploredImage {
  readonly opened: OpenedImage;
  readonly spec: ImageSpec;
  /** what people call it */
  readonly name: string;
  /** where it is mounted, of an image that was named by its mount */
  readonly mountpoint: string | undefined;
}

export class Exploration {
  readonly #explored: ExploredImage;
  readonly #over = new AbortController();
  readonly #sizes: FolderSizes;
  readonly #maps: readonly BlockMap[];

  constructor(explored: ExploredImage) {
    this.#explored = explored;
    this.#sizes = new FolderSizes(explored.opened, this.#over.signal);
    this.#maps = explored.opened.layers.map((layer) => new BlockMap(layer, this.#over.signal));
  }

  /** What is being counted ends. Settles when nothing reads the image any more, or a server keeps it waiting. */
  async close(): Promise<void> {
    this.#over.abort();
    await waitFor(Promise.all([this.#sizes.settled(), ...this.#maps.map((map) => map.settled())]));
  }

  async image(): Promise<ShownImage> {
    const { opened, name, mountpoint } = this.#explored;
    const mount = mountpoint === undefined ? null : await mountFacts(mountpoint);
    return imageFacts(opened, name, mount);
  }

  /** Names behind `cookie`. Rejects with PathError, EscapeError, or as the image's directories do. */
  async folder(path: string, cookie: number): Promise<ShownFolder> {
    return listFolder(this.#explored.opened, await this.#place(path), cookie);
  }

  /** Rejects as folder() does. */
  async sizes(path: string, measure: Measure): Promise<ShownSizes> {
    const sizes = this.#sizes;
    const place = await this.#place(path);
    await waitFor(sizes.count());
    // what is counted while the tiles are laid is not in them
    const { isComplete: complete, names: names_counted } = sizes;
    const tile = await tilesOf(this.#explored.opened, sizes, place, measure);
    const { count: problem_count, shown: problems } = sizes.problems;
    return { complete, names_counted, problem_count, problems, tile };
  }

  /** Extents from number `first` on. Rejects as folder() does. */
  async file(path: string, first: number): Promise<ShownFile> {
    return fileFacts(this.#explored.opened, await this.#place(path), first);
  }

  /** Rejects with QuestionError. */
  async blocks(layer: number, device: number): Promise<ShownBlocks> {
    const { map, cells } = this.#device(layer, device);
    await waitFor(map.draw());
    return map.shown(cells);
  }

  /** Throws QuestionError, or the system's error. */
  cached(layer: number, device: number): ShownCached {
    const { cells } = this.#device(layer, device);
    return cachedCells(this.#explored.opened.layers[layer]!, device, cells, this.#fileOf(layer, device));
  }

  /** Rejects with QuestionError, also where no mount is shown, or the system's error. */
  async reads(layer: number, device: number): Promise<ShownReads> {
    const { cells } = this.#device(layer, device);
    const { mountpoint, opened } = this.#explored;
    if (mountpoint === undefined) throw new QuestionError('no mount is shown that could have read anything');
    const socket = await socketOf(mountpoint);
    return deviceReads(opened.layers[layer]!, device, cells, { file: this.#fileOf(layer, device), socket });
  }

  #device(layer: number, device: number): { map: BlockMap; cells: BlockCells } {
    const map = this.#maps[layer];
    const cells = map?.devices[device];
    if (map === undefined || cells === undefined)
      throw new QuestionError(`the image has no device ${device} of layer ${layer}`);
    return { map, cells };
  }

  /** Layers that are opened begin with those for data alone, which end the list of a spec's. */
  #fileOf(layer: number, device: number): DeviceFile | undefined {
    const { spec } = this.#explored;
    const specs = layerSpecs(spec);
    const shown = specs.length - (spec.dataLayers?.length ?? 0);
    const ordered = [...specs.slice(shown), ...specs.slice(0, shown)];
    const { image, devices = [], offset = 0 } = ordered[layer]!;
    const path = [image, ...devices][device];
    if (path === undefined || !isAbsolute(path)) return undefined;
    return { path, base: device === 0 ? offset : 0 };
  }

  async #place(escaped: string): Promise<{ node: NodeId; path: Uint8Array }> {
    const path = unescapeBytes(escaped);
    return { node: await resolvePath(this.#explored.opened, path, false), path };
  }
}

async function waitFor(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
