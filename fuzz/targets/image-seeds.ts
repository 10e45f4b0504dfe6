/** The images that are damaged: every fixture, and what no mkfs makes. */
import { readFileSync } from 'node:fs';
import { allFixtures, type Fixture, optionValues } from '../../test/support/fixture.js';
import { writeImage } from '../../test/support/image-writer.js';
import { crowdImage } from '../../test/support/image-writer-crowd.js';
import { xattrImage } from '../../test/support/image-writer-xattrs.js';
import { ImageBase, type ReadImage, type Seed } from './image-base.js';
import { rareImages } from './rare-images.js';

/** What is written by tests, of which none is larger than the fixtures. */
const WRITTEN = {
  crowd: crowdImage,
  'xattrs-absolute': () => xattrImage('absolute', true),
  'xattrs-image': () => xattrImage('image', false),
  'xattrs-packed': () => xattrImage('packed', false),
  'xattrs-metabox': () => xattrImage('metabox', true),
  ...rareImages,
} as const;

export function imageBases(read: ReadImage, only?: string): ImageBase[] {
  const bases = [
    ...allFixtures.map((fixture) => new ImageBase(fixture.name, () => bytesOf(fixture), read)),
    ...Object.entries(WRITTEN).map(([name, spec]) => new ImageBase(name, () => written(spec()), read)),
  ];
  return bases.filter(({ name }) => only === undefined || name === only);
}

function bytesOf({ image, options }: Fixture): Seed {
  const [offset = '0'] = optionValues(options, 'offset');
  return {
    image: new Uint8Array(readFileSync(image).subarray(Number(offset))),
    devices: optionValues(options, 'device').map((path) => readFileSync(path)),
  };
}

function written(spec: Parameters<typeof writeImage>[0]): Seed {
  const { bytes } = writeImage(spec);
  return { image: bytes.toBytes(), devices: [] };
}
