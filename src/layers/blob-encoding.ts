/** How the bytes of a layer become those of a file system, by its descriptor: org.erofs.chunk-index.*, and the draft before it. */
import { parseBlobDigest } from '../verity/layer-proof.js';
import type { BlobEncoding } from './layer-blob.js';
import { LayerError } from './layer-error.js';
import { CHUNK_INDEX_MEDIA_TYPE, type LayerMedia } from './layer-media.js';

export type Annotations = Readonly<Record<string, string>>;

/** An index that has a blob of its own. */
export interface StandaloneIndex {
  /** of that blob */
  readonly digest: string;
  readonly annotations: Annotations;
}

export const TARGET = 'org.erofs.chunk-index.target';

const RANGE = 'org.erofs.chunk-index.range';
const DIGEST = 'org.erofs.chunk-index.digest';
const MEDIA_TYPE = 'org.erofs.chunk-index.mediaType';
/** containerd's, before that draft */
const TABLE_OFFSET = 'dev.containerd.erofs.zstd.chunk_table_offset';
const TABLE_DIGEST = 'dev.containerd.erofs.zstd.chunk_digest';

/** `layer` begins messages. Throws LayerError 'bad-index', and ProofError for what is no digest. */
export function blobEncoding(
  layer: string,
  { format, compression }: LayerMedia,
  annotations: Annotations,
  standalone: StandaloneIndex | undefined,
): BlobEncoding {
  if (format === 'erofs') {
    const place = indexInside(layer, annotations) ?? indexOutside(layer, standalone);
    if (place !== undefined) return { kind: 'indexed', ...place, compressed: compression === 'zstd' };
  }
  return compression === undefined ? { kind: 'plain' } : { kind: 'packed', compression };
}

type IndexPlace = Omit<Extract<BlobEncoding, { readonly kind: 'indexed' }>, 'kind' | 'compressed'>;

/** undefined where there is none, or one that nothing vouches for. */
function indexInside(layer: string, annotations: Annotations): IndexPlace | undefined {
  const isKnown = (annotations[MEDIA_TYPE] ?? CHUNK_INDEX_MEDIA_TYPE) === CHUNK_INDEX_MEDIA_TYPE;
  const [range, digest] = isKnown ? [annotations[RANGE], annotations[DIGEST]] : [];
  if (range !== undefined && digest !== undefined) {
    return { ...parseRange(layer, range), digest: parseBlobDigest(digest, `${layer}: ${DIGEST}`) };
  }
  const [offset, tableDigest] = [annotations[TABLE_OFFSET], annotations[TABLE_DIGEST]];
  if (offset === undefined || tableDigest === undefined) return undefined;
  return { ...parseRange(layer, offset), digest: parseBlobDigest(tableDigest, `${layer}: ${TABLE_DIGEST}`) };
}

function indexOutside(layer: string, standalone: StandaloneIndex | undefined): IndexPlace | undefined {
  if (standalone === undefined) return undefined;
  const { digest: blob, annotations } = standalone;
  const digest = parseBlobDigest(annotations[DIGEST] ?? blob, `${layer}: ${DIGEST}`);
  return { ...parseRange(layer, annotations[RANGE] ?? '0'), digest, blob };
}

/** "OFFSET" or "OFFSET:END". */
function parseRange(layer: string, text: string): Pick<IndexPlace, 'offset' | 'end'> {
  const [, first = '', last] = /^(\d+)(?::(\d+))?$/.exec(text) ?? [];
  const [offset, end] = [Number(first), last === undefined ? undefined : Number(last)];
  if (first !== '' && Number.isSafeInteger(offset) && Number.isSafeInteger(end ?? 0)) {
    if (end === undefined) return { offset };
    if (end > offset) return { offset, end };
  }
  throw new LayerError(
    'bad-index',
    `${layer}: the place of its chunk index is ${JSON.stringify(text)}; expected a byte offset, or two with a colon between them; the image has to be made anew`,
  );
}
