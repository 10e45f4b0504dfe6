/** Every structure of an image that its own bytes hold, found by reading it. */
import type { ErofsImage } from '../../src/erofs-reader/image.js';
import { type Inode, isType } from '../../src/erofs-reader/inode.js';
import { Layout, S_IFDIR, S_IFLNK, S_IFREG } from '../../src/erofs-reader/layout.js';
import type { ReadonlyTree } from '../../src/tree/tree.js';
import { chunkTablePlaces } from './chunk-table.js';
import { compressionIndexPlaces } from './compression-index.js';
import { devicePlaces } from './device-table.js';
import { direntPlaces } from './dirent.js';
import { ImageMetadata } from './image-metadata.js';
import { inodePlaces } from './inode.js';
import { pclusterPlaces } from './pcluster.js';
import type { Place } from './structure.js';
import { superblockPlaces } from './superblock.js';
import { prefixPlaces, xattrPlaces } from './xattr.js';

/** Nodes that are looked at: enough for one of every kind in each fixture. */
const MOST_NODES = 400;

export function imagePlaces(image: ErofsImage, tree: ReadonlyTree): Place[] {
  const metadata = new ImageMetadata(image);
  const places = [...superblockPlaces(metadata), ...devicePlaces(metadata), ...prefixPlaces(metadata)];
  for (const nid of nodesOf(image, tree)) places.push(...placesOf(metadata, image.inode(nid)));
  return places;
}

function* placesOf(metadata: ImageMetadata, inode: Inode): Generator<Place> {
  yield* inodePlaces(metadata, inode);
  yield* xattrPlaces(metadata, inode);
  const hasData = isType(inode, S_IFREG) || isType(inode, S_IFDIR) || isType(inode, S_IFLNK);
  if (!hasData || inode.size === 0) return;
  if (isType(inode, S_IFDIR)) yield* direntPlaces(metadata, inode);
  if (inode.layout === Layout.CHUNK_BASED) yield* chunkTablePlaces(metadata, inode);
  if (inode.layout === Layout.COMPRESSED_FULL || inode.layout === Layout.COMPRESSED_COMPACT) {
    yield* compressionIndexPlaces(metadata, inode);
    yield* pclusterPlaces(metadata, inode);
  }
}

/** From the root on, level by level, and those that no name leads to. */
function nodesOf(image: ErofsImage, tree: ReadonlyTree): Set<number> {
  const { metaboxNid, packedNid } = image.geometry;
  const nodes = new Set([tree.root]);
  for (const node of nodes) {
    if (!isType(image.inode(node), S_IFDIR)) continue;
    tree.readdir(node, 0, (entry) => {
      nodes.add(entry.node);
      return nodes.size < MOST_NODES;
    });
  }
  for (const special of [metaboxNid, packedNid]) if (special !== undefined) nodes.add(special);
  return nodes;
}
