/** What is found wrong: one code for each kind of damage, and the place it was found at. */
import type { ErofsErrorPlace } from '../erofs-reader/errors.js';

/** `error`: the image contradicts the format. `warning`: no reader stumbles over it, and no writer known makes it. */
export type Severity = 'error' | 'warning';

/** Every code and how grave it is; the codes are stable. */
export const SEVERITIES = {
  /** the image, its superblock and its tables */
  unopenable: 'error',
  integrity: 'error',
  'superblock-checksum': 'error',
  truncated: 'error',
  'compression-config': 'error',
  'device-truncated': 'error',
  'device-overlap': 'error',
  'xattr-prefix-table': 'error',
  'inode-count': 'warning',

  /** inodes */
  'bad-inode': 'error',
  'inode-overlap': 'error',
  'nlink-zero': 'error',
  'nlink-mismatch': 'warning',
  'mtime-nanoseconds': 'error',
  'inode-reserved': 'warning',
  'special-file-size': 'warning',
  'bad-symlink': 'error',

  /** directories */
  'bad-directory': 'error',
  'directory-twice': 'error',
  'unsorted-names': 'error',
  'duplicate-name': 'error',
  'bad-name': 'error',
  'bad-nid': 'error',
  'bad-dot': 'error',
  'file-type': 'error',
  'dirent-reserved': 'warning',

  /** extended attributes */
  'bad-xattr': 'error',
  'duplicate-xattr': 'error',
  'xattr-filter': 'error',
  'bad-acl': 'error',

  /** file data */
  'bad-extent': 'error',
  'oversized-index': 'error',
  'pcluster-overlap': 'error',
  'data-overlap': 'warning',
  undecodable: 'error',
} as const satisfies Readonly<Record<string, Severity>>;

export type FindingCode = keyof typeof SEVERITIES;

export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** bytes of an absolute path; undefined for what belongs to the image as a whole */
  readonly path: Uint8Array | undefined;
  readonly nid: number | undefined;
  /** byte of the image, or of the extra device that the message names */
  readonly offset: number | undefined;
  readonly message: string;
}

/** A name and the directories above it; the root's name is empty. Linear in depth, where paths would be quadratic. */
export interface Place {
  readonly parent: Place | undefined;
  readonly name: Uint8Array;
  readonly nid: number;
}

/** What a finding is about: a place in the tree, or an inode that no name leads to (the packed one, the metabox). */
export interface Subject {
  readonly place: Place | undefined;
  readonly nid: number | undefined;
}

export const WHOLE_IMAGE: Subject = { place: undefined, nid: undefined };

const SLASH = Uint8Array.of(0x2f);

/** The absolute path. */
export function pathOf(place: Place): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = place; at.parent !== undefined; at = at.parent) parts.push(at.name, SLASH);
  return parts.length === 0 ? SLASH : Buffer.concat(parts.reverse());
}

/** Counts every finding and hands on the first `limit`, so that an image full of damage floods nobody. */
export class Findings {
  errors = 0;
  warnings = 0;
  readonly #limit: number;
  readonly #report: (finding: Finding) => void;

  constructor(limit: number, report: (finding: Finding) => void) {
    this.#limit = limit;
    this.#report = report;
  }

  get count(): number {
    return this.errors + this.warnings;
  }

  /** Findings that were counted and not handed on. */
  get unreported(): number {
    return Math.max(0, this.count - this.#limit);
  }

  add(code: FindingCode, subject: Subject, message: string, offset?: number): void {
    const severity: Severity = SEVERITIES[code];
    if (severity === 'error') this.errors++;
    else this.warnings++;
    if (this.count > this.#limit) return;
    const path = subject.place === undefined ? undefined : pathOf(subject.place);
    this.#report({ severity, code, path, nid: subject.nid, offset, message });
  }

  /** What the reader refused; its place is kept where it names one. */
  addError(code: FindingCode, subject: Subject, error: Error & ErofsErrorPlace): void {
    const { place } = subject;
    this.add(code, { place, nid: subject.nid ?? error.nid }, error.message, error.offset);
  }
}
