/**
 * A tail-packed pcluster inside a compressed metabox is fetched through the decoder that is to decode it, which happens
 * whenever the metabox's own pclusters are not kept.
 */
import { createHash } from 'node:crypto';
import t from 'tap';
import { BlockCache } from '../../src/cache/block-cache.js';
import { loadCodecs } from '../../src/erofs-reader/codecs.js';
import { ErofsImage } from '../../src/erofs-reader/image.js';
import { readData } from '../../src/erofs-reader/read.js';
import { fixture } from '../support/fixture.js';
import { MemorySource } from '../support/memory-source.js';
import { expectedManifest, nodesOf, openFixture } from '../support/opened.js';
import { imageBytes } from '../support/superblock.js';

const NAME = 'metabox-lz4-ztailpacking';

t.test(`${NAME}, with nothing kept`, async (t) => {
  const opened = await openFixture(fixture(NAME));
  t.teardown(() => opened.close());
  await loadCodecs(opened.image.geometry.algorithms);
  const bytes = new BlockCache([{ source: new MemorySource(imageBytes(NAME)), base: 0 }], 1 << 20, 4096);
  const manifest = expectedManifest(fixture(NAME)) as Record<string, { sha256?: string }>;
  let compared = 0;
  for (const { node, path } of await nodesOf(opened)) {
    const expected = manifest[path]?.sha256;
    if (expected === undefined) continue;
    // a new one each time: its input buffer grows with the largest pcluster met
    const image = new ErofsImage(bytes);
    const inode = image.inode(node);
    const data = new Uint8Array(inode.size);
    readData(image, image.data(inode), 0, data);
    t.equal(createHash('sha256').update(data).digest('hex'), expected, path);
    compared++;
  }
  t.ok(compared > 100, `${compared} files`);
});
