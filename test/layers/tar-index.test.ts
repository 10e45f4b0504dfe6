/** A tar archive as the data of an EROFS image that was made of its table: beside the index, behind it, packed, and in a file. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { blobReference } from '../../src/layers/layer-blob.js';
import { layersOf } from '../../src/layers/layer-roles.js';
import { type ImageSpec, type OpenedImage, openImage } from '../../src/open.js';
import { writeImage } from '../support/image-writer.js';
import { chunked } from '../support/image-writer-body.js';
import { directory, file } from '../support/image-writer-node.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';
import { digestOf } from '../support/zstd-layer.js';

const scratch = new Scratch(t);
const BLOCK = 512;
const FIRST = Buffer.from(new Random(21).bytes(3 * BLOCK + 7));
const SECOND = Buffer.from('the second member\n');

/** As the tar program makes it. */
function makeTar(): Buffer {
  const folder = scratch.folder();
  writeFileSync(join(folder, 'first'), FIRST);
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'second'), SECOND);
  const path = scratch.file('layer.tar');
  const made = spawnSync('tar', ['--format=ustar', '-cf', path, '-C', folder, 'first', 'sub']);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return readFileSync(path);
}

const TAR = makeTar();
const blocks = TAR.length / BLOCK;

/** What mkfs.erofs --tar=i makes: no data, and each file's chunks where the archive has its bytes. */
function makeIndex(uniaddr?: number): Buffer {
  const member = (content: Buffer) => {
    const start = TAR.indexOf(content) / BLOCK;
    const count = Math.ceil(content.length / BLOCK);
    const chunks = Array.from({ length: count }, (_, n) => ({ device: 1, block: start + n }));
    return file(chunked({ size: content.length, bits: 0, indexes: true, chunks }));
  };
  const written = writeImage({
    blockBits: 9,
    devices: [{ tag: 'layer.tar', blocks, ...(uniaddr !== undefined && { uniaddr }) }],
    ...(uniaddr !== undefined && { blocks: uniaddr }),
    root: directory({ first: member(FIRST), sub: directory({ second: member(SECOND) }) }),
  });
  const bytes = Buffer.from(written.bytes.toBytes());
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & (BLOCK - 1))]);
}

const INDEX = scratch.file('index.erofs', makeIndex());

/** The file, read through the image. */
async function contentOf(opened: OpenedImage, ...path: string[]): Promise<Buffer> {
  return opened.run(() => {
    const { tree } = opened;
    let node = tree.root;
    for (const name of path) node = tree.lookup(node, Buffer.from(name))!;
    const bytes = Buffer.alloc(tree.getattr(node).size);
    tree.read(node, 0, bytes);
    return bytes;
  });
}

async function show(t: Test, spec: ImageSpec): Promise<void> {
  const opened = await openImage(spec);
  t.teardown(() => opened.close());
  t.ok((await contentOf(opened, 'first')).equals(FIRST));
  t.ok((await contentOf(opened, 'sub', 'second')).equals(SECOND));
}

t.test('the archive as a device', async (t) => {
  await show(t, { image: INDEX, devices: [scratch.file('layer.tar', TAR)] });
});

t.test('the archive behind its index', async (t) => {
  const plain = makeIndex(1);
  const index = makeIndex(plain.length / BLOCK);
  t.equal(index.length, plain.length);
  await show(t, { image: scratch.file('both.erofs', Buffer.concat([index, TAR])) });
});

for (const [name, blob, suffix] of [
  ['as it is', TAR, ''],
  ['packed by gzip', gzipSync(TAR), '+gzip'],
] as const) {
  t.test(`a tar layer of an image, ${name}`, async (t) => {
    const path = scratch.file('archive', Buffer.concat([Buffer.alloc(100), blob]));
    const layer = {
      ...{ digest: digestOf(blob), size: blob.length, place: { kind: 'file', path, offset: 100 } as const },
      mediaType: `application/vnd.oci.image.layer.v1.tar${suffix}`,
    } as const;
    const diffIds = [digestOf(TAR)];
    const tarIndexes = { [digestOf(TAR)]: { image: INDEX } };
    const found = layersOf({ name: 'image', layers: [layer], diffIds }, { tarIndexes });
    const cacheDirectory = join(scratch.folder(), 'cache');
    const remote = { cacheDirectory, cacheSize: 2 ** 30, chunkSize: 64 << 10, blobs: found.blobs };
    t.same(found.layers[0]?.devices, [blobReference(layer.digest)]);
    await show(t, { ...found.layers[0]!, remote });
  });
}
