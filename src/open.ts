/**
 * The composition root: an image reference and options become source -> proof -> caches -> reader -> tree.
 * Runs in the command, and again inside every worker, from one structured-clonable ImageSpec.
 */
import { BlockCache } from './cache/block-cache.js';
import { drive } from './cache/driver.js';
import { ExtentCache } from './cache/extent-cache.js';
import type { KnownBlob } from './cache/known-blobs.js';
import { LazySource } from './cache/lazy-source.js';
import { countedMemory } from './cache/lru.js';
import type { Source } from './cache/source.js';
import { VerifiedSource } from './cache/verified-source.js';
import { loadCodecs } from './erofs-reader/codec.js';
import { ErofsError } from './erofs-reader/errors.js';
import { ErofsImage } from './erofs-reader/image.js';
import { readSuperblock } from './erofs-reader/superblock.js';
import { type ObjectsSpec, openObjects } from './open-objects.js';
import { openSource, type RemoteSpec, shownReference } from './open-source.js';
import type { RemoteBytes, RemoteDevice } from './prefetch/remote-image.js';
import { type BlobClaims, noProof, type Proof, type ProofSpec } from './proof/proof-spec.js';
import { type ProvenBlob, proveAll } from './proof/prove.js';
import { ImageTree } from './tree/image-tree.js';
import type { ReadonlyTree } from './tree/tree.js';
import { checkFileSystem } from './verity/dm-verity-checks.js';

/** Everything that is needed to open an image again in another thread or process. Structured-clonable; paths are absolute. */
export interface ImageSpec {
  /** a path, or an http or https URL; so are the devices */
  readonly image: string;
  /** byte offset of the file system in `image` (mkfs.erofs --offset); 0 unless given */
  readonly offset?: number;
  /** the extra devices, in device table order */
  readonly devices?: readonly string[];
  /** open an image that is shorter than its superblock says; reads beyond the end still fail */
  readonly allowTruncated?: boolean;
  /** every node is shown with this owner instead of its own */
  readonly uid?: number;
  readonly gid?: number;
  /** how its bytes are checked; by IMAGE.dmverity, where that file exists, unless given */
  readonly proof?: ProofSpec;
  /** where the bytes of its files are, where they are not in it: a composefs image */
  readonly objects?: Pick<ObjectsSpec, 'stores' | 'namespace'>;
  /** how URLs are read and what is read of them kept; only they need it */
  readonly remote?: RemoteSpec;
}

/** Told of what is read of blobs behind a network. */
export type ReadObserver = (blob: KnownBlob, offset: number, length: number) => void;

/** A problem that was met and left out, while the rest goes on: an invalid name in a directory. */
export type ProblemReport = (problem: Error) => void;

export interface OpenedImage {
  readonly tree: ReadonlyTree;
  readonly image: ErofsImage;
  /** of the image and its devices, in their order */
  readonly proofs: readonly Proof[];
  /** what the URLs among the image and its devices were found to be: see RemoteSpec.known */
  readonly known: Readonly<Record<string, KnownBlob>>;
  /** what lies behind a network, by device, the image first; undefined: it is local */
  readonly devices: readonly (RemoteDevice | undefined)[];
  /** those blobs, and what holds their hash trees */
  readonly blobs: readonly RemoteBytes[];
  /** Runs an operation on tree or image; a promise only where bytes had to be fetched. It may run several times. */
  run<T>(operation: () => T, signal?: AbortSignal): T | Promise<T>;
  close(): void;
}

/**
 * Metadata is read in blocks of this many bytes: inodes, names and xattrs that are used together lie together,
 * and a pread of 16 KiB costs hardly more than one of 4.
 */
const METADATA_BLOCK_SIZE = 16 << 10;
const METADATA_BUDGET = 16 << 20;
const DECODED_BUDGET = 16 << 20;
const INODES_KEPT = 4096;

const NOTHING_CLAIMED: ProofSpec = { blobs: [] };

/**
 * Throws ErofsError, VerityError and its kin for what is to prove the image, or the system's error (code ENOENT,
 * EACCES, …) for a path that cannot be opened.
 */
export async function openImage(
  spec: ImageSpec,
  report: ProblemReport = () => {},
  observed?: ReadObserver,
): Promise<OpenedImage> {
  const sources: Source[] = [];
  const known: Record<string, KnownBlob> = {};
  const lazy: LazySource[] = [];
  const open = async (reference: string, verified: boolean): Promise<Source> => {
    const opened = await openSource(reference, spec.remote, { verified, report, observed });
    const { source } = opened;
    if (opened.known !== undefined) known[reference] = opened.known;
    if (source instanceof LazySource) lazy.push(source);
    return source;
  };
  try {
    const claims = spec.proof ?? NOTHING_CLAIMED;
    for (const [i, reference] of [spec.image, ...(spec.devices ?? [])].entries()) {
      sources.push(await open(reference, isClaimed(claims.blobs[i])));
    }
    const devices = sources.map((source, i) =>
      source instanceof LazySource ? { blob: source, base: i === 0 ? (spec.offset ?? 0) : 0 } : undefined,
    );
    const blobs = await proveAll(sources, claims, spec.offset ?? 0, (reference) => open(reference, true));
    // closing a proven source closes the one below it
    for (const [i, { source }] of blobs.entries()) sources[i] = source;
    const opened = { ...(await openBlobs(blobs, spec, report)), known, devices, blobs: lazy };
    // other threads are to find what opening took
    for (const source of lazy) await source.flush();
    if (spec.objects === undefined) return opened;
    return await openObjects(opened, {
      ...spec.objects,
      requireVerity: spec.proof?.require,
      hashBackend: spec.proof?.policy?.backend,
    });
  } catch (error) {
    for (const source of sources) source.close();
    throw error instanceof ErofsError ? namingImage(error, shownReference(spec.image)) : error;
  }
}

const isClaimed = (claims: BlobClaims | undefined): boolean =>
  claims?.root !== undefined || claims?.fsVerityDigest !== undefined;

/** The reader does not know what its bytes are called; people do. */
function namingImage(error: ErofsError, name: string): ErofsError {
  return new ErofsError(error.code, `${name}: ${error.message}`, error, { cause: error });
}

/** As openImage, over sources that the caller made and nothing proves: the image first, then the extra devices. */
export function openSources(
  sources: readonly Source[],
  spec: Omit<ImageSpec, 'image' | 'devices' | 'proof' | 'remote'>,
  report: ProblemReport = () => {},
): Promise<OpenedImage> {
  const blobs = sources.map((source) => ({ source, proof: noProof(source.name) }));
  return openBlobs(blobs, spec, report);
}

async function openBlobs(
  blobs: readonly ProvenBlob[],
  spec: Omit<ImageSpec, 'image' | 'devices' | 'proof' | 'remote'>,
  report: ProblemReport,
): Promise<OpenedImage> {
  const base = spec.offset ?? 0;
  const devices = blobs.map(({ source }, i) => ({ source, base: i === 0 ? base : 0 }));
  const bytes = new BlockCache(devices, METADATA_BUDGET, metadataBlockSize(blobs));
  const decoded = new ExtentCache(DECODED_BUDGET);
  const allowTruncated = spec.allowTruncated ?? false;
  const { algorithms, blocks, blockSize } = await drive(() => readSuperblock(bytes), bytes);
  if (blobs[0]!.proof.kind !== 'none') checkFileSystem(blobs[0]!.source.size, base + blocks * blockSize);
  await loadCodecs(algorithms);
  const image = await drive(() => new ErofsImage(bytes, { decoded, allowTruncated }), bytes);
  return {
    image,
    proofs: blobs.map(({ proof }) => proof),
    known: {},
    devices: blobs.map(() => undefined),
    blobs: [],
    tree: new ImageTree(image, {
      uid: spec.uid,
      gid: spec.gid,
      report,
      nodes: countedMemory(INODES_KEPT),
    }),
    run: (operation, signal) => drive(operation, bytes, signal),
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
