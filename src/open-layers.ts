/**
 * Several images as one tree, merged as Linux's overlayfs merges them.
 *
 * LAW: memory is that of one image, whatever the number of layers: blocks and decoded extents of all lie in one memory each.
 * Each layer is proven by itself, and an error says which one it is of. Where one cannot be opened, none stays open.
 */
import { BlockCaches } from './cache/block-caches.js';
import { type BlockMemory, DEVICES_AT_MOST } from './cache/block-memory.js';
import { drive } from './cache/driver.js';
import { sizedMemory } from './cache/lru.js';
import { ErofsError } from './erofs-reader/errors.js';
import { COMMAND_MEMORY, type ImageMemory } from './memory-budget.js';
import type { ImageSpec, LayerSpec, OpenedImage, ProblemReport, ReadObserver } from './open.js';
import { type CachedLayer, layerMemory, openLayer } from './open-layer.js';
import { several } from './prefetch/several.js';
import { LayerTree } from './tree/layer-tree.js';
import { OVERLAY_NODE_SIZE, type OverlayNode, sizeOfNode } from './tree/overlay-nodes.js';
import { OverlayTree } from './tree/overlay-tree.js';

/** Layers that are opened together: of those behind a network each waits for a few answers. */
const OPENED_AT_ONCE = 16;
/** What a layer keeps of its inodes at least, however many there are. */
const FEWEST_INODES = 8;

/** Rejects as openImage does. */
export async function openLayers(
  spec: ImageSpec,
  report: ProblemReport,
  observed: ReadObserver | undefined,
): Promise<OpenedImage> {
  const { dataLayers = [], upperLayers = [], remote, uid, gid, memory: shares = COMMAND_MEMORY } = spec;
  const shown = [spec, ...upperLayers];
  const specs = [...dataLayers, ...shown];
  const places = placesOf(specs);
  const memory = layerMemory(shares, remote);
  const inodes = Math.max(FEWEST_INODES, Math.floor(shares.inodes / specs.length));
  const opened: CachedLayer[] = [];
  try {
    await several(specs.entries(), OPENED_AT_ONCE, undefined, async ([i, layer]) => {
      const own = { ...memory, firstDevice: places[i]!, inodes };
      opened[i] = await openLayer(layer, { remote, uid, gid, report, observed, memory: own });
    });
    return await merge(opened, dataLayers.length, { blocks: memory.blocks, shares }, report);
  } catch (error) {
    for (const layer of opened) layer?.close();
    throw error;
  }
}

async function merge(
  opened: readonly CachedLayer[],
  dataLayers: number,
  { blocks, shares }: { readonly blocks: BlockMemory; readonly shares: ImageMemory },
  report: ProblemReport,
): Promise<OpenedImage> {
  const caches = new BlockCaches(
    opened.map(({ cache }) => cache),
    blocks,
  );
  const run = <T>(operation: () => T, signal?: AbortSignal) => drive(operation, caches, signal);
  const layers = opened.map(({ tree, name }, i) => ({
    tree: new LayerTree(tree, name),
    dataOnly: i < dataLayers,
    name,
  }));
  const nodes = sizedMemory<OverlayNode>(shares.inodes * OVERLAY_NODE_SIZE, sizeOfNode);
  const tree = await run(() => new OverlayTree(layers, { report, nodes, names: shares.names }));
  return {
    ...opened[dataLayers]!,
    layers: opened,
    origin: (id) => {
      const { layer, node } = tree.origin(id);
      return { layer: opened[dataLayers + layer]!, node };
    },
    tree,
    run,
    proofs: opened.flatMap(({ proofs }) => proofs),
    known: Object.assign({}, ...opened.map(({ known }) => known)),
    blobs: opened.flatMap(({ blobs }) => blobs),
    close: () => {
      for (const layer of opened) layer.close();
    },
  };
}

/** From which number each layer's devices count: as many apart as it has devices, itself and its metabox included. */
function placesOf(specs: readonly LayerSpec[]): number[] {
  const places: number[] = [];
  let next = 0;
  for (const { devices = [] } of specs) {
    places.push(next);
    next += devices.length + 2;
  }
  if (next <= DEVICES_AT_MOST) return places;
  throw new ErofsError(
    'unsupported',
    `the layers have ${next} devices in sum, more than ${DEVICES_AT_MOST}; merge fewer of them`,
  );
}
