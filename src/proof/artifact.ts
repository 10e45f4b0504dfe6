/**
 * What CubeSandbox says of a root file system, in annotations of a container's image:
 *
 *     cube.master.rootfs.artifact.sha256       hexadecimal digits
 *     cube.master.rootfs.artifact.size_bytes   decimal
 *     cube.master.rootfs.artifact.fs_type      "erofs"; where it is missing `storage_media` beside the annotations, then "ext4"
 *
 * The other annotations hold secrets, and are not looked at.
 */
import { readFileSync } from 'node:fs';
import { ProofError } from '../verity/layer-proof.js';
import type { BlobClaims } from './proof-spec.js';

const PREFIX = 'cube.master.rootfs.artifact.';
const DIGEST = `${PREFIX}sha256`;
const SIZE = `${PREFIX}size_bytes`;
const FILE_SYSTEM = `${PREFIX}fs_type`;

type Fields = Readonly<Record<string, unknown>>;

interface Annotations {
  readonly fields: Fields;
  /** what they are the annotations of */
  readonly owner: Fields | undefined;
}

/**
 * The file is the annotations themselves, or a document that has them somewhere: an image, a container, a whole request.
 * Throws ProofError, and the system's error for a file that cannot be read.
 */
export function readArtifact(
  path: string,
): Required<Pick<BlobClaims, 'blobDigest'>> & Pick<BlobClaims, 'blobSize'> {
  const all = [...annotationsIn(parse(path), undefined)];
  const [found] = all;
  if (found === undefined) throw new ProofError(`${path}: it has no annotation ${DIGEST}`);
  if (all.some(({ fields }) => fields[DIGEST] !== found.fields[DIGEST])) {
    throw new ProofError(
      `${path}: it has several annotations ${DIGEST} that differ; give one artifact's alone`,
    );
  }
  const type = found.fields[FILE_SYSTEM] ?? found.owner?.storage_media ?? 'ext4';
  if (type !== 'erofs') {
    throw new ProofError(`${path}: the artifact's file system is ${JSON.stringify(type)}, not "erofs"`);
  }
  return { blobDigest: digestOf(found.fields[DIGEST], path), ...sizeOf(found.fields[SIZE], path) };
}

function parse(path: string): unknown {
  const text = readFileSync(path, 'utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProofError(`${path}: no JSON: ${(error as Error).message}`, { cause: error });
  }
}

function* annotationsIn(value: unknown, owner: Fields | undefined): Generator<Annotations> {
  if (typeof value !== 'object' || value === null) return;
  const fields = value as Fields;
  if (DIGEST in fields) yield { fields, owner };
  else for (const inner of Object.values(fields)) yield* annotationsIn(inner, fields);
}

function digestOf(text: unknown, path: string): string {
  if (typeof text === 'string' && /^[0-9a-f]{64}$/.test(text)) return `sha256:${text}`;
  throw new ProofError(`${path}: ${DIGEST} is ${JSON.stringify(text)}; expected 64 hexadecimal digits`);
}

function sizeOf(text: unknown, path: string): Pick<BlobClaims, 'blobSize'> {
  if (text === undefined) return {};
  const size =
    typeof text === 'number' || (typeof text === 'string' && /^\d+$/.test(text)) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(size)) return { blobSize: size };
  throw new ProofError(`${path}: ${SIZE} is ${JSON.stringify(text)}; expected a number of bytes`);
}
