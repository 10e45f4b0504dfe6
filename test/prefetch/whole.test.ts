import t from 'tap';
import type { BlobRange } from '../../src/cache/source.js';
import type { RemoteBytes } from '../../src/prefetch/remote-image.js';
import { PIECE_SIZE, prefetchWhole, requireRoom } from '../../src/prefetch/whole.js';
import { imageBytes } from '../support/superblock.js';
import { forbid, openGated } from './gated-remote.js';

/** A blob of pieces that come at once; of the last `kept` of them that came, all are here. */
class PiecesBlob implements RemoteBytes {
  readonly id = 'pieces';
  readonly name = 'pieces';
  readonly size: number;
  readonly chunkSize = PIECE_SIZE;
  readonly counters = { bytesFetched: 0 };
  readonly asked: number[] = [];
  readonly #kept: number;

  constructor(pieces: number, kept = Number.POSITIVE_INFINITY) {
    this.size = pieces * PIECE_SIZE - 1;
    this.#kept = kept;
  }

  isHere(offset: number, length: number): boolean {
    const here = new Set(this.asked.slice(-this.#kept));
    for (let piece = Math.floor(offset / PIECE_SIZE); piece * PIECE_SIZE < offset + length; piece++) {
      if (!here.has(piece)) return false;
    }
    return true;
  }

  async prefetch({ offset, length }: BlobRange): Promise<void> {
    this.asked.push(offset / PIECE_SIZE);
    this.counters.bytesFetched += length;
  }

  async flush(): Promise<void> {}
}

t.test('all of it, in order, each piece once', async (t) => {
  const blob = new PiecesBlob(20);
  const taken: number[] = [];
  await prefetchWhole(blob, async ({ offset, length }) => {
    t.ok(blob.isHere(offset, length), 'a piece is taken once it is here');
    taken.push(offset / PIECE_SIZE);
  });
  const order = Array.from({ length: 20 }, (_, i) => i);
  t.strictSame(blob.asked, order);
  t.strictSame(taken, order);
  t.equal(blob.counters.bytesFetched, blob.size);
  await prefetchWhole(blob);
  t.equal(blob.asked.length, 20, 'what is here is passed over');
});

t.test('a cache that keeps nothing for long ends it early', async (t) => {
  const blob = new PiecesBlob(500, 10);
  await t.rejects(prefetchWhole(blob), { code: 'not-kept', message: /--cache-size/ });
  t.ok(blob.asked.length <= 67, `${blob.asked.length} of 500 pieces`);
});

t.test('what was lost on the way is fetched in a second pass, then it is an error', async (t) => {
  const blob = new PiecesBlob(20, 19);
  await t.rejects(prefetchWhole(blob), { code: 'not-kept' });
  t.ok(blob.asked.length > 20 && blob.asked.length <= 40, `${blob.asked.length}`);
});

t.test('a blob larger than the cache may be is not begun', async (t) => {
  const blob = new PiecesBlob(2);
  t.doesNotThrow(() => requireRoom([blob, blob], 2 * blob.size));
  t.throws(() => requireRoom([blob, blob], 2 * blob.size - 1), { code: 'cache-too-small' });
});

t.test('the other side is let go, and all of it is in the store', async (t) => {
  let completed = 0;
  const bytes = imageBytes('plain');
  const { blob, source, store } = await openGated(t, bytes, { completed: () => completed++ });
  await prefetchWhole(source);
  t.ok(blob.asked.every(({ options }) => options.background === true));
  t.equal(store.chunks.size, Math.ceil(bytes.length / store.chunkSize));
  t.equal(store.puts, store.chunks.size);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(completed, 1);
  t.ok(blob.closed);
  forbid(t, blob);
  await prefetchWhole(source);
});

t.test('it starts nothing while somebody waits', async (t) => {
  const bytes = imageBytes('plain');
  const { blob, source } = await openGated(t, bytes, { longestFetch: 64 << 10 });
  blob.open = false;
  const first = blob.asked.length;
  const read = source.read([{ offset: bytes.length - 4096, length: 4096 }]);
  await blob.reaches(first + 1);
  const whole = prefetchWhole(source);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(blob.asked.length, first + 1, 'only what is waited for');
  blob.release();
  await read;
  await whole;
  t.ok(source.isHere(0, bytes.length));
});
