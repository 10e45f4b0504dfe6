/**
 * The Nth fetch of a blob behind a network fails, for every N that opening an image and asking for some of everything has,
 * with half of its bytes here or none: each answer is right or an error with a code, what is asked again afterwards is right,
 * and nothing is held of the caches or the store.
 */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { BlockCache } from '../../src/cache/block-cache.js';
import { BlockMemory } from '../../src/cache/block-memory.js';
import { pinnedRegions } from '../../src/cache/chunk-pins.js';
import { type ChunkStore, openChunkStore } from '../../src/cache/chunk-store.js';
import { drive } from '../../src/cache/driver.js';
import { LazySource } from '../../src/cache/lazy-source.js';
import type { BlobRange } from '../../src/cache/source.js';
import { type OpenedImage, openSources } from '../../src/open.js';
import { type Arrival, type RemoteBlob, RemoteError } from '../../src/remote/remote-blob.js';
import { fixture } from '../support/fixture.js';
import { MemoryChunkStore } from '../support/memory-chunk-store.js';
import { RemoteSource } from '../support/memory-source.js';
import { openFixture } from '../support/opened.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { openDescriptors } from './failing-reads.js';
import { type Question, questionsOf } from './questions.js';

const scratch = new Scratch(t);
const CHUNK = 4096;

/** A blob whose `failAt`th fetch breaks off. */
class FailingBlob implements RemoteBlob {
  readonly id: string;
  readonly name = 'failing';
  readonly version = '1';
  readonly size: number;
  failAt: number;
  fetches = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, id: string, failAt: number) {
    this.#bytes = bytes;
    this.id = id;
    this.size = bytes.length;
    this.failAt = failAt;
  }

  async fetch({ offset, length }: BlobRange, arrived: Arrival): Promise<void> {
    this.fetches++;
    const fails = this.fetches === this.failAt;
    // every second one that fails gives the first half
    const given = !fails ? length : this.failAt % 2 === 0 ? Math.floor(length / 2) : 0;
    await Promise.resolve();
    if (given > 0) arrived(offset, this.#bytes.slice(offset, offset + given));
    if (fails) throw new RemoteError('unreachable', 'the network is gone');
  }

  async close(): Promise<void> {}
}

interface Kept {
  readonly store: ChunkStore;
  /** what is still held of it, once nothing runs */
  readonly held: () => readonly string[];
}

const keepers: Record<string, (blob: FailingBlob) => Kept> = {
  'kept in memory': ({ size }) => {
    const store = new MemoryChunkStore(size, CHUNK);
    const held = () => [
      ...[...store.pinned.keys()].map((chunk) => `chunk ${chunk} is pinned`),
      ...[...store.claimed].map((chunk) => `chunk ${chunk} is claimed`),
    ];
    return { store, held };
  },
  'kept on disk': (blob) => {
    const folder = scratch.folder();
    const report = (problem: Error) => {
      throw problem;
    };
    const store = openChunkStore(folder, blob, { chunkSize: CHUNK, budget: 2 ** 30, report });
    return { store, held: () => [...pinnedRegions(folder)].map((region) => `region ${region} is pinned`) };
  },
};

for (const name of ['plain', 'lz4', 'zstd', 'metabox-lz4']) {
  for (const [how, keep] of Object.entries(keepers)) {
    t.test(`${name}, ${how}`, async (t) => {
      const bytes = new Uint8Array(readFileSync(fixture(name).image));
      const { questions, right } = await asked(name);
      const descriptors = openDescriptors();
      const wrong: string[] = [];
      let errors = 0;
      let nth = 1;
      for (let hasFailed = true; hasFailed && wrong.length < 10; nth++) {
        const blob = new FailingBlob(bytes, `${name} ${how} ${nth}`, nth);
        const { store, held } = keep(blob);
        const open = () => {
          const options = {
            connection: { blob },
            readahead: 0,
            mergeGap: 0,
            longestFetch: CHUNK,
            memory: 2 * CHUNK,
          };
          return new LazySource(blob, store, options);
        };
        const source = open();
        let opened = await openSources([source], {}).catch((error) => {
          errors++;
          if ((error as RemoteError).code !== 'unreachable') wrong.push(`fetch ${nth}: opening: ${error}`);
        });
        hasFailed = blob.fetches >= nth;
        opened ??= await openSources([source], {});
        for (const again of [false, true]) {
          for (const [i, question] of questions.entries()) {
            const said = await answer(question, opened);
            if (said === right[i]) continue;
            errors++;
            if (again || said !== 'unreachable') wrong.push(`fetch ${nth}: ${question.about}: ${said}`);
          }
          hasFailed ||= blob.fetches >= nth;
          for (const what of held()) wrong.push(`fetch ${nth}: ${what}`);
        }
        opened.close();
        // a store closes its files once what was put is durable
        const isClosed = await until(() => openDescriptors() === descriptors);
        if (!isClosed) wrong.push(`fetch ${nth}: a descriptor stays open`);
      }
      t.strictSame(wrong, []);
      t.ok(errors >= nth - 2, `${errors} errors of ${nth - 2} fetches that failed`);
      t.ok(nth > 5, `${nth - 2} fetches`);
    });
  }
}

t.test('blocks that an operation pinned are let go when a fetch of it fails', async (t) => {
  const bytes = new Uint8Array(readFileSync(fixture('lz4').image));
  const BLOCK = 4096;
  const ranges = [3, 7, 20].map((block) => ({ device: 0, offset: block * BLOCK, length: BLOCK }));
  for (let failAt = 1; failAt <= 3; failAt++) {
    // a budget that keeps nothing: what is in memory is pinned
    const memory = new BlockMemory(1);
    const cache = new BlockCache([{ source: new RemoteSource(bytes, failAt), base: 0 }], memory, BLOCK);
    const read = () =>
      drive(
        () => ranges.map(({ device, offset, length }) => cache.view(device, offset, length).getUint8(0)),
        cache,
      );
    const expected = ranges.map(({ offset }) => bytes[offset]);
    await t.rejects(Promise.resolve(read()), { code: 'io' });
    const pinned = Array.from({ length: bytes.length / BLOCK }, (_, block) => block).filter(
      (block) => memory.get(block) !== undefined,
    );
    t.strictSame(pinned, [], `fetch ${failAt}: nothing is pinned`);
    t.strictSame(await read(), expected, 'the next read is right');
  }
});

async function asked(name: string): Promise<{ questions: Question[]; right: string[] }> {
  const opened = await openFixture(fixture(name));
  const questions = await questionsOf(opened);
  const right = questions.map(({ ask }) => ask(opened.tree));
  opened.close();
  return { questions, right };
}

/** The answer, or the code of the error. */
async function answer({ ask }: Question, opened: OpenedImage): Promise<string> {
  try {
    return await opened.run(() => ask(opened.tree));
  } catch (error) {
    return String((error as { code?: unknown }).code ?? (error as Error).stack);
  }
}
