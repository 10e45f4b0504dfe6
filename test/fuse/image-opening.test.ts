/** Which images a mount has to wait for, and that those on this machine ask no network. */
import t from 'tap';
import type { ContainerChoice } from '../../src/container-options.js';
import { openToWait } from '../../src/fuse/image-opening.js';
import { imageSpec } from '../../src/image-spec.js';
import type { ImageSpec } from '../../src/open.js';
import { indexInside, packed, withTree } from '../support/container-layers.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { archive, makeLayout } from '../support/layout.js';
import type { LayerToPush } from '../support/registry-push.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const image = writeImage({ root: directory({ name: file('here') }) }).bytes.toBytes();
const choice: ContainerChoice = { tarIndexes: {} };

function specOf(reference: string): Promise<ImageSpec> {
  const remote = { cacheDirectory: scratch.folder(), cacheSize: 1 << 30, chunkSize: 64 << 10 };
  return imageSpec({ images: [reference], proof: { blobs: [] }, remote, choice });
}

const layoutOf = (layers: readonly LayerToPush[]): string => makeLayout(scratch, [{ layers }]).folder;

t.test('an image whose bytes lie in files here keeps nobody waiting', async (t) => {
  const layers = [{ bytes: image }, ...withTree(image)];
  for (const reference of [
    `oci-layout:${layoutOf(layers)}`,
    `oci-archive:${archive(scratch, layoutOf(layers))}`,
    `docker-archive:${archive(scratch, layoutOf(layers))}`,
  ]) {
    t.equal(openToWait(await specOf(reference), t.fail), undefined, reference);
  }
});

t.test('layers that are made into others are waited for, and no network', async (t) => {
  const spec = await specOf(`oci-layout:${layoutOf([...indexInside(image), ...packed(image)])}`);
  const reports: string[] = [];
  const opened = await openToWait({ ...spec, remote: { ...spec.remote!, offline: true } }, ({ message }) =>
    reports.push(message),
  );
  t.match(reports, [/is packed as a whole/], 'what is said');
  const name = await opened!.run(() => opened!.tree.lookup(opened!.tree.root, Buffer.from('name')));
  const content = Buffer.alloc(10);
  const length = await opened!.run(() => opened!.tree.read(name!, 0, content));
  t.equal(content.toString('utf8', 0, length), 'here');
  opened!.close();
});
