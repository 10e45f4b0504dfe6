/** The rare and the huge as images, for tests that go through all of them. */
import type { ImageSpec } from './image-writer.js';
import { attributeImage } from './image-writer-attributes.js';
import { crowdImage } from './image-writer-crowd.js';
import { hugeImage } from './image-writer-huge.js';
import { xattrImage } from './image-writer-xattrs.js';

export { attributeImage, crowdImage, hugeImage, xattrImage };

/** By name; those with extra devices stand in image-writer-devices.ts. */
export const imageCases: Readonly<Record<string, () => ImageSpec>> = {
  huge: hugeImage,
  attributes: attributeImage,
  crowd: crowdImage,
  'xattrs, absolute prefixes': () => xattrImage('absolute', true),
  'xattrs, prefixes in the image': () => xattrImage('image', false),
  'xattrs, packed prefixes': () => xattrImage('packed', false),
  'xattrs in the metabox': () => xattrImage('metabox', true),
};
