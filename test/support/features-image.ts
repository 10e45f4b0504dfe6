/** The features that an opened image uses, found by looking at it and at every inode of it. */
import type { OpenedImage } from '../../src/open.js';
import type { Found } from './features.js';
import { PclusterFeatures } from './features-compressed.js';
import { findInFile, findInInode } from './features-inode.js';
import { findInSuperblock } from './features-superblock.js';
import { findInXattrs } from './features-xattr.js';
import { type Fixture, optionValues } from './fixture.js';
import { nodesOf } from './opened.js';

export async function featuresOf(opened: OpenedImage, { options }: Fixture): Promise<Found> {
  const found: Found = new Set();
  const { image } = opened;
  const { packedNid, metaboxNid } = image.geometry;
  if (optionValues(options, 'offset').length > 0) found.add('image at an offset of a file');
  findInSuperblock(image, found);
  const pclusters = new PclusterFeatures(image, found);
  for (const { node } of await nodesOf(opened)) {
    const inode = image.inode(node);
    findInInode(opened, inode, found);
    findInFile(image, inode, found);
    findInXattrs(image, inode, found);
    pclusters.add(inode);
  }
  if (packedNid !== undefined) pclusters.add(image.inode(packedNid));
  if (metaboxNid !== undefined) pclusters.add(image.inode(metaboxNid));
  pclusters.end();
  return found;
}
