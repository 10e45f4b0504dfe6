/** A layer in chunks, with its index behind it: the index, and the chunks unpacked by it. */
import { createHash } from 'node:crypto';
import { ChunkDecoder } from '../../src/layers/chunk-decoder.js';
import { ChunkIndex } from '../../src/layers/chunk-index.js';
import { parseIndex } from '../../src/layers/index-payload.js';
import { LayerError } from '../../src/layers/layer-error.js';
import { Random } from '../../test/support/random.js';
import { indexedLayer, type LayerShape } from '../../test/support/zstd-layer.js';
import type { Edit } from '../input.js';
import { chunkIndexPlaces } from '../mutators/chunk-index.js';
import { PlaceEditor } from '../mutators/place-editor.js';
import { BrokenRule, type Rules } from '../rules.js';
import type { Base, Target } from '../target.js';

const CONTENT = new Random(5).bytes(20_000);

const SEEDS: Readonly<Record<string, LayerShape>> = {
  'packed-sha256': { chunkSizes: [4096, 1000], checksums: 'sha256' },
  'packed-unchecked': { chunkSizes: [4096], padding: 64 },
  'plain-sha512': { chunkSizes: [8192], checksums: 'sha512', isCompressed: false },
  'plain-unchecked': { chunkSizes: [5000], isCompressed: false },
  'fixed-23': { chunkSizes: [4096], checksums: 'sha512', layout: 'fixed-23' },
  'fixed-24': { chunkSizes: [4096], checksums: 'sha256', layout: 'fixed-24' },
  'fixed-unchecked': { chunkSizes: [4096], layout: 'fixed-24' },
};

const HEADER_SIZES = { 'version-1': 32, 'fixed-23': 23, 'fixed-24': 24 } as const;
const CHECKSUM_SIZES = { none: 0, sha256: 32, sha512: 64 } as const;

class IndexBase implements Base {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly #isCompressed: boolean;
  readonly #dataEnd: number;
  readonly #payload: number;
  readonly #editor: PlaceEditor;

  constructor(name: string, shape: LayerShape) {
    this.name = name;
    const { blob, index, indexOffset, blockOffsets } = indexedLayer(CONTENT, shape);
    this.bytes = blob;
    this.#isCompressed = shape.isCompressed ?? true;
    this.#dataEnd = indexOffset;
    this.#payload = blob.length - index.length;
    const { layout = 'version-1', checksums = 'none' } = shape;
    const places = {
      index: this.#payload,
      headerSize: HEADER_SIZES[layout],
      entrySize: (layout === 'version-1' ? 16 : 8) + CHECKSUM_SIZES[checksums],
      frames: blockOffsets,
    };
    this.#editor = new PlaceEditor(blob, [...chunkIndexPlaces(places)]);
  }

  edit(random: Random): Edit {
    return this.#editor.edit(random);
  }

  async run(bytes: Uint8Array, _edits: readonly Edit[], rules: Rules): Promise<void> {
    const payload = bytes.subarray(this.#payload);
    // of an index that says something else, and has that digest
    const digest = `sha256:${createHash('sha256').update(payload).digest('hex')}`;
    const context = { name: this.name, digest, dataEnd: this.#dataEnd, isCompressed: this.#isCompressed };
    const index = rules.operation('parsing', () => parseIndex(payload, context));
    if (!(index instanceof ChunkIndex) || index.count === 0) return;
    const decoder = await ChunkDecoder.for(index);
    for (const chunk of new Set([0, index.count >> 1, index.count - 1])) {
      const [offset, length] = [index.blockOffset(chunk), index.blockLength(chunk)];
      const [first, size] = [index.unpackedOffset(chunk), index.unpackedLength(chunk)];
      const isFound = index.chunkAt(first) === chunk && index.chunkAt(first + size - 1) === chunk;
      if (!isFound || offset < 0 || offset + length > this.#dataEnd) {
        throw new BrokenRule('wrong-answer', `chunk ${chunk} is not where its index says`);
      }
      const unpacked = rules.operation('unpacking', () =>
        decoder.unpack(chunk, bytes.subarray(offset, offset + length)),
      );
      if (unpacked === undefined || typeof unpacked === 'string' || unpacked.length === size) continue;
      throw new BrokenRule(
        'wrong-answer',
        `chunk ${chunk} has ${unpacked.length} bytes, its index says ${size}`,
      );
    }
  }
}

export const chunkIndexTarget: Target = {
  name: 'chunk-index',
  share: 15,
  allows: (error) => error instanceof LayerError,
  bases: async () => Object.entries(SEEDS).map(([name, shape]) => new IndexBase(name, shape)),
};
