/** From a blob and what is claimed of it to a source of proven bytes, and what to say of the proof. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openFileSource } from '../cache/file-source.js';
import type { HashMemory } from '../cache/hash-memory.js';
import type { Source } from '../cache/source.js';
import { isUrl } from '../options/reference.js';
import { VerityError } from '../verity/errors.js';
import { parseSidecar } from '../verity/sidecar.js';
import { appendedHashOffset } from './appended-tree.js';
import { checkBlobDigest } from './blob-digest.js';
import { dmVeritySource } from './dm-verity-source.js';
import { fsVeritySource } from './fs-verity-source.js';
import { type BlobClaims, noProof, type Proof, type ProofSpec } from './proof-spec.js';
import { SIDECAR_SUFFIX, sidecarOf } from './sidecar-path.js';
import { SIGNATURE_SUFFIX, signerOf } from './signed-root.js';

/** Opens what holds a tree. */
export type SourceOpener = (reference: string) => Promise<Source>;

interface ProofContext {
  readonly spec: ProofSpec;
  /** where the image's file system starts; undefined for other blobs, whose tree cannot be found by a file system's size */
  readonly base: number | undefined;
  readonly open: SourceOpener;
  readonly memory: HashMemory | undefined;
}

export interface ProvenBlob {
  readonly source: Source;
  readonly proof: Proof;
}

/**
 * Where hash blocks are kept `memory` says, each tree in its own unless given. `blobs` are the image first, whose file system starts at byte `base`. Rejects with VerityError,
 * SignatureError or ProofError for what is claimed, ErofsError for an image whose tree has to be found, system errors for
 * files. The sources are closed by whoever opened them where this rejects, by the proven ones' close() otherwise.
 */
export async function proveAll(
  blobs: readonly Source[],
  spec: ProofSpec,
  base: number,
  open: SourceOpener = async (path) => openFileSource(path),
  memory?: HashMemory,
): Promise<ProvenBlob[]> {
  if (spec.blobs.length > blobs.length) {
    throw new VerityError(
      'contradiction',
      `proofs were given for ${spec.blobs.length} blobs, the image and its devices are ${blobs.length}`,
    );
  }
  const proven: ProvenBlob[] = [];
  for (const [i, blob] of blobs.entries()) {
    proven.push(
      await prove(blob, spec.blobs[i] ?? {}, { spec, base: i === 0 ? base : undefined, open, memory }),
    );
  }
  return proven;
}

async function prove(blob: Source, claims: BlobClaims, context: ProofContext): Promise<ProvenBlob> {
  const { spec } = context;
  if (claims.blobSize !== undefined && claims.blobSize !== blob.size) {
    throw new VerityError(
      'data-size',
      `${blob.name} has ${blob.size} bytes, ${claims.blobSize} were expected; it was cut off, changed, or is another image`,
    );
  }
  if (claims.blobDigest !== undefined) return proveByBlobDigest(blob, claims, claims.blobDigest, context);
  if (claims.fsVerityDigest !== undefined) {
    if (claims.root !== undefined) {
      throw new VerityError(
        'contradiction',
        `${blob.name}: a root hash and an fs-verity digest; give the one that it is to be checked by`,
      );
    }
    return proveByDigest(blob, claims.fsVerityDigest, claims, context);
  }
  if (claims.root !== undefined) {
    const trust = { trust: 'pinned' } as const;
    return proveByRoot(blob, { ...claims, root: claims.root }, context, trust);
  }
  const vouched =
    claims.sidecar === undefined && (spec.ignoreSidecars === true || isUrl(blob.name))
      ? undefined
      : sidecarClaims(blob.name, claims);
  if (vouched !== undefined) {
    const trust = { trust: 'integrity', by: sidecarOf(blob.name, claims) } as const;
    return proveByRoot(blob, vouched, context, trust);
  }
  if (spec.require === true || spec.certificateFiles !== undefined) throw unproven(blob.name);
  return { source: blob, proof: noProof(blob.name) };
}

/** Once its bytes are known to be right they are kept so: by the proof that it has besides, or else under a tree built of them. */
async function proveByBlobDigest(
  blob: Source,
  { blobDigest: _, blobSize: __, ...claims }: BlobClaims,
  digest: string,
  context: ProofContext,
): Promise<ProvenBlob> {
  const fsVerityDigest = await checkBlobDigest(blob, digest, context.spec);
  const hasOther =
    claims.root !== undefined ||
    claims.fsVerityDigest !== undefined ||
    context.spec.certificateFiles !== undefined;
  if (hasOther) return prove(blob, claims, context);
  const { source, proof } = await proveByDigest(blob, fsVerityDigest, claims, context);
  return { source, proof: { ...proof, by: digest } };
}

async function proveByDigest(
  blob: Source,
  digest: string,
  { treeFile }: BlobClaims,
  { spec, memory }: ProofContext,
): Promise<ProvenBlob> {
  const { policy, cacheDirectory, certificateFiles } = spec;
  if (certificateFiles !== undefined) {
    throw new VerityError(
      'contradiction',
      `${blob.name}: certificates are for the signatures of root hashes; an fs-verity digest that is pinned needs none`,
    );
  }
  const claim = { digest, treeFile, backend: policy?.backend, cacheDirectory, memory };
  const source = await fsVeritySource(blob, claim);
  return { source, proof: { blob: blob.name, kind: 'fs-verity', trust: 'pinned', digest } };
}

async function proveByRoot(
  blob: Source,
  claims: BlobClaims & { readonly root: string },
  { spec, base, open, memory }: ProofContext,
  trust: Pick<Proof, 'trust' | 'by'>,
): Promise<ProvenBlob> {
  const signer = signerOf(claims, blob.name, spec.certificateFiles);
  const hashes = claims.hashFile === undefined ? blob : await open(claims.hashFile);
  try {
    const { source, digest } = await dmVeritySource(blob, hashes, {
      root: claims.root,
      hashOffset: claims.hashOffset ?? (await defaultOffset(blob, hashes, spec, base)),
      parameters: spec.parameters ?? {},
      hasSuperblock: spec.noSuperblock !== true,
      policy: spec.policy ?? {},
      memory,
    });
    const by = signer === undefined ? trust : ({ trust: 'signed', by: signer } as const);
    return { source, proof: { blob: blob.name, kind: 'dm-verity', digest, ...by } };
  } catch (error) {
    if (hashes !== blob) hashes.close();
    throw error;
  }
}

async function defaultOffset(
  blob: Source,
  hashes: Source,
  { noSuperblock, parameters }: ProofSpec,
  base: number | undefined,
): Promise<number> {
  if (hashes !== blob) return 0;
  if (noSuperblock === true) {
    const { dataBlocks = 0, dataBlockSize = 1, hashBlockSize = 1 } = parameters ?? {};
    return Math.ceil((dataBlocks * dataBlockSize) / hashBlockSize) * hashBlockSize;
  }
  if (base !== undefined) return appendedHashOffset(blob, base);
  throw new VerityError(
    'tree-place',
    `${blob.name}: where its hash tree starts is not known; give the offset or the file that holds the tree`,
  );
}

/** What the sidecar beside a blob claims, and the user's own words about where the tree is. */
function sidecarClaims(
  blob: string,
  given: BlobClaims,
): (BlobClaims & { readonly root: string }) | undefined {
  const path = sidecarOf(blob, given);
  // one that was named must be there
  const text = given.sidecar === undefined ? readIfThere(path) : readFileSync(path, 'utf8');
  if (text === undefined) return undefined;
  const { rootHash, hashOffset, hashDevice } = parseSidecar(text, path);
  return {
    hashOffset,
    ...(hashDevice !== undefined && { hashFile: join(dirname(path), hashDevice) }),
    ...given,
    root: Buffer.from(rootHash).toString('hex'),
  };
}

/** Only a file that does not exist is absent: one that cannot be read must not turn checking off. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function unproven(blob: string): VerityError {
  return new VerityError(
    'unproven',
    `${blob}: nothing proves its bytes, and a proof is required; give its root hash or digest, or put a ` +
      `${SIDECAR_SUFFIX} file (and a ${SIGNATURE_SUFFIX} file where certificates are pinned) beside it`,
  );
}
