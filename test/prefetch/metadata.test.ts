import t from 'tap';
import { startAt, walk } from '../../src/commands/walk.js';
import { S_IFLNK, S_IFMT } from '../../src/erofs-reader/layout.js';
import { prefetchMetadata, prefetchMetadataBelow } from '../../src/prefetch/metadata.js';
import type { RemoteImage } from '../../src/prefetch/remote-image.js';
import { imageBytes } from '../support/superblock.js';
import { forbid, openGated } from './gated-remote.js';

/** Looks at all that is no data; returns the number of nodes. */
async function listAll(image: RemoteImage): Promise<number> {
  const { tree } = image;
  let count = 0;
  await walk(image, await startAt(image, tree.root), {
    entry: async ({ node, attr }) => {
      count++;
      await image.run(() => tree.listxattr(node));
      if ((attr.mode & S_IFMT) === S_IFLNK) await image.run(() => tree.readlink(node));
      return true;
    },
    problem: (_, error) => {
      throw error;
    },
  });
  return count;
}

for (const name of ['plain', 'lz4-dirs', 'metabox-lz4', 'wide-b512-lz4', 'b512']) {
  t.test(`${name}: what ls, readlink and getfattr look at is here afterwards`, async (t) => {
    const bytes = imageBytes(name);
    const { blob, image, store } = await openGated(t, bytes);
    await prefetchMetadata(image);
    t.ok(blob.asked.length > 0);
    t.ok(
      blob.asked.every(({ options }) => options.background === true),
      'all in the background',
    );
    t.equal(store.puts, store.chunks.size, 'no chunk twice');
    forbid(t, blob);
    t.ok((await listAll(image)) > 5);
  });
}

t.test('a wide directory takes a few requests, not one for each inode', async (t) => {
  const { blob, image } = await openGated(t, imageBytes('wide-b512-lz4'));
  await prefetchMetadata(image);
  const nodes = await listAll(image);
  t.ok(nodes > 300, `${nodes} nodes`);
  t.ok(blob.asked.length <= 8, `${blob.asked.length} requests`);
});

t.test('data is left where it is', async (t) => {
  const bytes = imageBytes('plain');
  const { source, image } = await openGated(t, bytes);
  await prefetchMetadata(image);
  t.ok(source.counters.bytesFetched < bytes.length / 2, `${source.counters.bytesFetched} of ${bytes.length}`);
});

t.test('below one directory alone', async (t) => {
  const whole = await openGated(t, imageBytes('b512'));
  await prefetchMetadata(whole.image);
  const part = await openGated(t, imageBytes('b512'));
  const { tree, run } = part.image;
  const node = (await run(() => tree.lookup(tree.root, Buffer.from('names'))))!;
  await prefetchMetadataBelow(part.image, part.image.layers[0]!, node);
  t.ok(part.store.chunks.size < whole.store.chunks.size, 'its parent is not entered');
});

t.test('a failing network fails it; it goes on where it was', async (t) => {
  const { blob, image, store } = await openGated(t, imageBytes('lz4-dirs'));
  blob.open = false;
  blob.onAsked = (asked) => asked.end(Object.assign(new Error('gone'), { code: 'unreachable' }));
  await t.rejects(prefetchMetadata(image), { message: 'gone' });
  blob.open = true;
  await prefetchMetadata(image);
  t.equal(store.puts, store.chunks.size);
  forbid(t, blob);
  await listAll(image);
});

t.test('a signal ends it', async (t) => {
  const { blob, image } = await openGated(t, imageBytes('plain'));
  const stop = new AbortController();
  blob.open = false;
  blob.onAsked = (asked) => {
    stop.abort(new Error('enough'));
    asked.answer();
  };
  await t.rejects(prefetchMetadata(image, stop.signal), { message: 'enough' });
  const asked = blob.asked.length;
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(blob.asked.length, asked, 'nothing more was asked for');
});
