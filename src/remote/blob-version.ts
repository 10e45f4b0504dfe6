/**
 * Which version of a blob a server gives: RFC 9110 §8.8. A strong ETag names it, else a date; a weak ETag does not, for
 * it allows other bytes.
 */
import { RemoteError } from './remote-blob.js';
import { fieldOf, type ResponseFields } from './response-fields.js';

export interface BlobVersion {
  /** strong, with its quotes */
  readonly etag: string | undefined;
  /** Last-Modified as it was sent: If-Range is compared letter by letter */
  readonly modified: string | undefined;
  /** what If-Range may carry: a date only if it is a second older than the answer (§8.8.2.2) */
  readonly ifRange: string | undefined;
  /** bytes */
  readonly size: number;
}

export function readVersion(fields: ResponseFields, size: number): BlobVersion {
  const tag = fieldOf(fields, 'etag');
  const etag = tag?.startsWith('"') ? tag : undefined;
  const modified = fieldOf(fields, 'last-modified');
  const age = Date.parse(fieldOf(fields, 'date') ?? '') - Date.parse(modified ?? '');
  return { etag, modified, ifRange: etag ?? (age >= 1000 ? modified : undefined), size };
}

/**
 * Whether a later answer of the same server is about another version. What it does not say is no contradiction: a 206 to
 * If-Range need not repeat it.
 */
export function isOtherVersion(
  version: BlobVersion,
  fields: ResponseFields,
  size: number | undefined,
): boolean {
  if (size !== undefined && size !== version.size) return true;
  const tag = fieldOf(fields, 'etag');
  if (version.etag !== undefined && tag !== undefined) return tag.replace(/^W\//, '') !== version.etag;
  const modified = fieldOf(fields, 'last-modified');
  return version.modified !== undefined && modified !== undefined && modified !== version.modified;
}

/** Whether an answer says itself that it is about this version; true also where the version has no name. */
export function confirmsVersion(version: BlobVersion, fields: ResponseFields): boolean {
  if (version.etag !== undefined) return fieldOf(fields, 'etag') !== undefined;
  return version.modified === undefined || fieldOf(fields, 'last-modified') !== undefined;
}

/** Why a mirror's blob cannot be the same; undefined where it can. */
export function differenceOf(
  version: BlobVersion,
  mirror: BlobVersion,
  verified: boolean,
): string | undefined {
  if (mirror.size !== version.size) return `it has ${mirror.size} bytes, not ${version.size}`;
  if (verified) return undefined;
  if (version.etag !== undefined && mirror.etag !== undefined) {
    return version.etag === mirror.etag ? undefined : `its ETag is ${mirror.etag}, not ${version.etag}`;
  }
  if (version.modified === undefined || mirror.modified === undefined) return undefined;
  return version.modified === mirror.modified
    ? undefined
    : `it was modified ${mirror.modified}, not ${version.modified}`;
}

/** The part of a blob's id that changes with its bytes. */
export const versionText = ({ etag, modified, size }: BlobVersion): string =>
  `${size}:${etag ?? (modified === undefined ? '' : `"${modified}"`)}`;

/** RemoteBlob.version: with the public name of the URL that said so, for a mirror may have another ETag. */
export const writeVersion = (version: BlobVersion, openedFrom: string | undefined): string =>
  JSON.stringify({ ...version, openedFrom });

/** What writeVersion wrote. Throws RemoteError 'options' for anything else. */
export function parseVersion(text: string): {
  readonly version: BlobVersion;
  readonly openedFrom: string | undefined;
} {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    found = undefined;
  }
  const { etag, modified, ifRange, size, openedFrom } = (found ?? {}) as Record<string, unknown>;
  const isText = (value: unknown): value is string | undefined =>
    value === undefined || typeof value === 'string';
  const isVersion = isText(etag) && isText(modified) && isText(ifRange) && Number.isSafeInteger(size);
  if (isVersion && isText(openedFrom)) {
    return { version: { etag, modified, ifRange, size: size as number }, openedFrom };
  }
  throw new RemoteError('options', `${text} does not say which version of a blob was read`);
}
