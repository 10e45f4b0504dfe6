/** The chunk index of a layer out of the blob that holds it. */
import type { Source } from '../cache/source.js';
import type { ChunkIndex } from './chunk-index.js';
import { type IgnoredIndex, parseIndex } from './index-payload.js';
import type { BlobEncoding, LayerBlob } from './layer-blob.js';
import { LayerError } from './layer-error.js';
import { isSkippable, SKIPPABLE_HEADER_SIZE, skippableSize } from './zstd-frame.js';

export type IndexedEncoding = Extract<BlobEncoding, { readonly kind: 'indexed' }>;

/** Bytes: an index of chunks of 64 KiB with checksums of SHA-512 for 50 GB. */
const LARGEST_INDEX = 64 << 20;

/**
 * `source` is of the blob that holds the index: `blob` itself, or another one that has nothing else. Rejects with LayerError
 * 'bad-index', and as the source does.
 */
export async function readIndex(
  source: Source,
  blob: LayerBlob,
  encoding: IndexedEncoding,
): Promise<ChunkIndex | IgnoredIndex> {
  try {
    return await readIndexOnce(source, blob, encoding);
  } catch (error) {
    if (!(error instanceof LayerError) || source.discard === undefined) throw error;
    // what is kept of it may be damaged, or from a server that lies
    source.discard(encoding.offset, (encoding.end ?? source.size) - encoding.offset);
    return readIndexOnce(source, blob, encoding);
  }
}

async function readIndexOnce(
  source: Source,
  { name, size }: LayerBlob,
  { offset, end = source.size, digest, blob: elsewhere, compressed }: IndexedEncoding,
): Promise<ChunkIndex | IgnoredIndex> {
  if (offset >= end || end > source.size) {
    throw new LayerError(
      'bad-index',
      `${name}: its chunk index is said to be in bytes ${offset} to ${end - 1} of ${source.name}, which has ${source.size}; the image has to be made anew`,
    );
  }
  const head = await read(source, offset, Math.min(SKIPPABLE_HEADER_SIZE, end - offset));
  const isFramed = isSkippable(head);
  const at = isFramed ? offset + SKIPPABLE_HEADER_SIZE : offset;
  const length = isFramed ? skippableSize(head) : end - offset;
  if (at + length > end || length > LARGEST_INDEX) {
    throw new LayerError(
      'bad-index',
      `${name}: its chunk index is said to have ${length} bytes; expected ${end - at}, ${LARGEST_INDEX} at most; the image has to be made anew`,
    );
  }
  const dataEnd = elsewhere === undefined ? offset : size;
  return parseIndex(await read(source, at, length), { name, digest, dataEnd, isCompressed: compressed });
}

async function read(source: Source, offset: number, length: number): Promise<Uint8Array> {
  const [bytes] = await source.read([{ offset, length }]);
  return bytes!;
}
