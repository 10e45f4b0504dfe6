/** Three extra devices: by id, by address, in the image itself, too few and too many. */
import t from 'tap';
import { type OpenedImage, openSources } from '../../src/open.js';
import { writeImage } from '../support/image-writer.js';
import { chunked, raw } from '../support/image-writer-body.js';
import { deviceFiles, deviceImages, flatImage } from '../support/image-writer-devices.js';
import { directory, file } from '../support/image-writer-node.js';
import type { SparseBytes } from '../support/image-writer-sparse.js';

const open = (images: readonly SparseBytes[]): Promise<OpenedImage> =>
  openSources(
    images.map((bytes, n) => bytes.source(`device ${n}`)),
    {},
  );

function contentOf({ tree }: OpenedImage, name: string): string {
  const node = tree.lookup(tree.root, new TextEncoder().encode(name))!;
  const bytes = new Uint8Array(tree.getattr(node).size);
  tree.read(node, 0, bytes);
  return Buffer.from(bytes).toString('latin1');
}

for (const [how, images] of [
  ['given one by one', deviceImages()],
  ['in the image itself', [flatImage()]],
] as const) {
  t.test(`devices ${how}`, async (t) => {
    const opened = await open(images);
    for (const [name, content] of Object.entries(deviceFiles))
      t.equal(contentOf(opened, name), content, name);
    t.equal(opened.tree.statfs().blocks, 8 + 4 + 6 + 5);
    t.strictSame(
      opened.image.geometry.devices.map(({ tag }) => tag),
      ['blob-1', 'blob-2', 'blob-3'],
    );
  });
}

t.test('devices in another order show other bytes: the order is the table', async (t) => {
  const [image, first, second, third] = deviceImages();
  const opened = await open([image!, second!, first!, third!]);
  t.match(contentOf(opened, 'masked'), /^device 2 block 1 .*device 3 block 0 /);
});

for (const given of [1, 2, 4]) {
  t.test(`${given} of 3 devices`, async (t) => {
    const [image, ...devices] = deviceImages();
    const some = Array.from({ length: given }, (_, n) => devices[n % 3]!);
    await t.rejects(open([image!, ...some]), {
      code: 'missing-device',
      message: `the image has 3 extra devices and ${given} were given; give each with device=PATH, in this order: 1. blob-1, 4 blocks; 2. blob-2, 6 blocks; 3. blob-3, 5 blocks`,
    });
  });
}

t.test('no device, and an image that does not hold them', async (t) => {
  await t.rejects(open([deviceImages()[0]!]), {
    code: 'missing-device',
    message:
      /3 extra device\(s\) that are not appended to it: 1\. blob-1, 4 blocks; .* give each with device=PATH/,
  });
});

t.test('an id beyond the table, within the mask', async (t) => {
  const written = writeImage({
    data: [{ offset: 0, bytes: new TextEncoder().encode('I') }],
    devices: [{ blocks: 1 }, { blocks: 1 }],
    root: directory({
      three: file(chunked({ size: 1, bits: 0, indexes: true, chunks: [{ device: 3, block: 0 }] })),
      four: file(chunked({ size: 1, bits: 0, indexes: true, chunks: [{ device: 4, block: 0 }] })),
    }),
  });
  const device = deviceImages()[1]!;
  const opened = await open([written.bytes, device, device]);
  t.throws(() => contentOf(opened, 'three'), {
    code: 'corrupt',
    message: /device id 3, the image declares 2/,
  });
  t.equal(contentOf(opened, 'four'), 'I', 'masked to 0, the image itself');
});

t.test('what lies beyond the end of a device is an error', async (t) => {
  const written = writeImage({
    devices: [{ blocks: 1, uniaddr: 100 }],
    root: directory({
      beyond: file(chunked({ size: 1, bits: 0, indexes: true, chunks: [{ device: 1, block: 50 }] })),
      last: file(raw({ layout: 0, size: 4096, address: 100 })),
      behind: file(raw({ layout: 0, size: 4096, address: 101 })),
    }),
  });
  const opened = await open([written.bytes, deviceImages()[1]!]);
  t.throws(() => contentOf(opened, 'beyond'), { code: 'truncated', message: /device 1 ends at byte/ });
  t.match(contentOf(opened, 'last'), 'device 1 block 0');
  t.throws(() => contentOf(opened, 'behind'), { code: 'truncated' }, 'behind the slot it is the image again');
});
