/** One image, whether it is shown alone or merged with others: sources -> proof -> caches -> reader -> tree. */
import { BlockCache } from './cache/block-cache.js';
import { BlockMemory } from './cache/block-memory.js';
import { drive } from './cache/driver.js';
import { ExtentCache } from './cache/extent-cache.js';
import { HashMemory } from './cache/hash-memory.js';
import type { KnownBlob } from './cache/known-blobs.js';
import { LazySource } from './cache/lazy-source.js';
import { countedMemory } from './cache/lru.js';
import { ChunkRing } from './cache/recent-chunks.js';
import type { Source } from './cache/source.js';
import { VerifiedSource } from './cache/verified-source.js';
import { loadCodecs } from './erofs-reader/codecs.js';
import { ErofsError } from './erofs-reader/errors.js';
import { ErofsImage } from './erofs-reader/image.js';
import { readSuperblock } from './erofs-reader/superblock.js';
import type { Guarantee } from './layers/guarantee.js';
import { isBlobReference } from './layers/layer-blob.js';
import type { ImageMemory } from './memory-budget.js';
import type { LayerSpec, OpenedLayer, ProblemReport, ReadObserver } from './open.js';
import { openSource, type RemoteSpec, shownReference } from './open-source.js';
import { type BlobClaims, noProof, type ProofSpec } from './proof/proof-spec.js';
import type { ProvenBlob } from './proof/prove.js';
import { needsNoProof } from './proof/unproven.js';
import { systemLz4 } from './system/lz4-library.js';
import { ImageTree } from './tree/image-tree.js';

/** What a layer keeps in memory: in one's own, or in that of all layers that are merged. */
export interface LayerMemory {
  readonly blocks: BlockMemory;
  readonly decoded: ExtentCache;
  readonly hashes: HashMemory;
  /** what arrives over a network; undefined where none is used */
  readonly ring: ChunkRing | undefined;
  /** from which the layer's devices count in blocks and decoded; in `decoded` the metabox has the number before its first device */
  readonly firstDevice: number;
  /** how many inodes, and bytes of the hash trees of objects */
  readonly inodes: number;
  readonly objects: number;
}

export interface LayerContext {
  readonly remote?: RemoteSpec | undefined;
  /** every node is shown with this owner instead of its own */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly report: ProblemReport;
  readonly observed?: ReadObserver | undefined;
  readonly memory: LayerMemory;
}

/** A layer, and what fetches for it alone. */
export interface CachedLayer extends OpenedLayer {
  readonly cache: BlockCache;
}

/**
 * Metadata is read in blocks of this many bytes: inodes, names and xattrs that are used together lie together,
 * and a pread of 16 KiB costs hardly more than one of 4.
 */
const METADATA_BLOCK_SIZE = 16 << 10;

/** Of all layers of an image that is opened. */
export function layerMemory(memory: ImageMemory, remote: RemoteSpec | undefined): LayerMemory {
  return {
    blocks: new BlockMemory(memory.metadata),
    decoded: new ExtentCache(memory.decoded),
    hashes: new HashMemory(memory.hashes),
    ring: remote && new ChunkRing(memory.chunks, remote.chunkSize),
    firstDevice: 0,
    inodes: memory.inodes,
    objects: memory.objects,
  };
}

const NOTHING_CLAIMED: ProofSpec = { blobs: [] };

/** Rejects as openImage does. */
export async function openLayer(spec: LayerSpec, context: LayerContext): Promise<CachedLayer> {
  const { remote, report, observed, memory } = context;
  const sources: Source[] = [];
  const known: Record<string, KnownBlob> = {};
  const lazy: LazySource[] = [];
  const open = async (reference: string, verified: boolean): Promise<Source> => {
    const opened = await openSource(reference, remote, { verified, report, observed, ring: memory.ring });
    const { source, parts = [source] } = opened;
    if (opened.known !== undefined) {
      const shared = source instanceof LazySource ? source.shared : undefined;
      known[reference] = { ...opened.known, shared };
    }
    lazy.push(...parts.filter((part) => part instanceof LazySource));
    return source;
  };
  const references = [spec.image, ...(spec.devices ?? [])];
  const name = shownReference(spec.image, remote?.blobs);
  try {
    const claims = spec.proof ?? NOTHING_CLAIMED;
    for (const [i, reference] of references.entries()) {
      sources.push(await open(reference, isClaimed(claims.blobs[i])));
    }
    const devices = sources.map((source, i) =>
      source instanceof LazySource ? { blob: source, base: i === 0 ? (spec.offset ?? 0) : 0 } : undefined,
    );
    const guarantees = references.map((reference) =>
      isBlobReference(reference) ? (known[reference]?.version as Guarantee | undefined) : undefined,
    );
    const base = spec.offset ?? 0;
    const hashOpener = (reference: string) => open(reference, true);
    const blobs = await proven(sources, claims, { base, open: hashOpener, memory: memory.hashes });
    // closing a proven source closes the one below it
    for (const [i, { source }] of blobs.entries()) sources[i] = source;
    const image = await openBlobs(blobs, spec, context);
    const opened = { ...image, name, known, devices, guarantees, blobs: lazy };
    // other threads are to find what opening took
    for (const source of lazy) await source.flush();
    if (spec.objects === undefined) return opened;
    const { openObjects } = await import('./open-objects.js');
    const wanted = {
      ...spec.objects,
      requireVerity: spec.proof?.require,
      hashBackend: spec.proof?.policy?.backend,
    };
    return await openObjects(opened, wanted, memory);
  } catch (error) {
    for (const source of sources) source.close();
    throw error instanceof ErofsError ? namingImage(error, name) : error;
  }
}

interface ProofParts {
  /** where the file system starts */
  readonly base: number;
  readonly open: (reference: string) => Promise<Source>;
  readonly memory: HashMemory;
}

/** What proves is loaded where something is to be proven: it takes longer than to open an image. */
async function proven(
  sources: readonly Source[],
  claims: ProofSpec,
  { base, open, memory }: ProofParts,
): Promise<ProvenBlob[]> {
  if (needsNoProof(sources, claims))
    return sources.map((source) => ({ source, proof: noProof(source.name) }));
  const { proveAll } = await import('./proof/prove.js');
  return proveAll(sources, claims, base, open, memory);
}

/** As openLayer, over sources that the caller made and nothing proves: the image first, then the extra devices. */
export async function openLayerOf(
  sources: readonly Source[],
  spec: Pick<LayerSpec, 'offset' | 'allowTruncated'>,
  context: LayerContext,
): Promise<CachedLayer> {
  const blobs = sources.map((source) => ({ source, proof: noProof(source.name) }));
  return openBlobs(blobs, spec, context);
}

const isClaimed = (claims: BlobClaims | undefined): boolean =>
  claims?.root !== undefined || claims?.fsVerityDigest !== undefined;

/** The reader does not know what its bytes are called; people do. */
function namingImage(error: ErofsError, name: string): ErofsError {
  return new ErofsError(error.code, `${name}: ${error.message}`, error, { cause: error });
}

async function openBlobs(
  blobs: readonly ProvenBlob[],
  spec: Pick<LayerSpec, 'offset' | 'allowTruncated'>,
  { memory, uid, gid, report }: LayerContext,
): Promise<CachedLayer> {
  const base = spec.offset ?? 0;
  const sources = blobs.map(({ source }, i) => ({ source, base: i === 0 ? base : 0 }));
  const { blocks: kept, decoded, firstDevice, inodes } = memory;
  const bytes = new BlockCache(sources, kept, metadataBlockSize(blobs), firstDevice);
  const extents = firstDevice === 0 ? decoded : new ExtentCache(decoded, firstDevice);
  const allowTruncated = spec.allowTruncated ?? false;
  const { algorithms, blocks, blockSize } = await drive(() => readSuperblock(bytes), bytes);
  if (blobs[0]!.proof.kind !== 'none') {
    const { checkFileSystem } = await import('./verity/dm-verity-checks.js');
    checkFileSystem(blobs[0]!.source.size, base + blocks * blockSize);
  }
  await loadCodecs(algorithms, { lz4: systemLz4 });
  const image = await drive(() => new ErofsImage(bytes, { decoded: extents, allowTruncated }), bytes);
  return {
    name: blobs[0]!.source.name,
    image,
    cache: bytes,
    proofs: blobs.map(({ proof }) => proof),
    known: {},
    devices: blobs.map(() => undefined),
    guarantees: blobs.map(() => undefined),
    blobs: [],
    tree: new ImageTree(image, { uid, gid, report, nodes: countedMemory(inodes) }),
    run: (operation, signal) => drive(operation, bytes, signal),
    rest: () => {
      kept.rest();
      decoded.rest();
    },
    close: () => bytes.close(),
  };
}

/** What is read together is checked together: a damaged block must not cost its neighbours. */
function metadataBlockSize(blobs: readonly ProvenBlob[]): number {
  return blobs.reduce(
    (size, { source }) => Math.min(size, source instanceof VerifiedSource ? source.blockSize : size),
    METADATA_BLOCK_SIZE,
  );
}
