/** A blob with known bytes, and its store in a directory of a test. */
import { type ChunkStore, type ChunkStoreOptions, openChunkStore } from '../../src/cache/chunk-store.js';
import { Random } from '../support/random.js';

export const chunkSize = 4096;

export class Content {
  readonly blob: { readonly id: string; readonly name: string; readonly size: number };
  readonly bytes: Uint8Array;
  /** in chunks of 4 KiB */
  readonly chunks: number;

  constructor(size: number, name = 'content') {
    this.blob = { id: `${name} of ${size} bytes`, name, size };
    this.bytes = new Random(size).bytes(size);
    this.chunks = Math.ceil(size / chunkSize);
  }

  chunk(number: number, size = chunkSize): Uint8Array {
    return this.bytes.subarray(number * size, (number + 1) * size);
  }

  /** `directory` is a cache directory; problems are thrown unless they are asked for. */
  open(directory: string, options: Partial<ChunkStoreOptions> = {}): ChunkStore {
    const report = (problem: Error) => {
      throw problem;
    };
    return openChunkStore(directory, this.blob, { chunkSize, budget: 2 ** 30, report, ...options });
  }

  /** Keeps chunks, all of them unless they are named, and waits until they are durable. */
  async fill(store: ChunkStore, numbers: Iterable<number> = Array(this.chunks).keys()): Promise<void> {
    for (const number of numbers) store.put(number, this.chunk(number, store.chunkSize));
    await store.flush();
  }

  /** Chunks that the store serves; throws where a byte of them is wrong. */
  served(store: ChunkStore): number[] {
    const numbers: number[] = [];
    for (let number = 0; number < this.chunks; number++) {
      const expected = this.chunk(number);
      const read = new Uint8Array(expected.length);
      if (!store.readSync(read, number * chunkSize)) continue;
      if (Buffer.compare(read, expected) !== 0) throw new Error(`chunk ${number} has wrong bytes`);
      numbers.push(number);
    }
    return numbers;
  }
}
