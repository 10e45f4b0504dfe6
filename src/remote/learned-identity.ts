/**
 * A blob that a URL names: which bytes that are is what the first answer says.
 *
 * LAW: bytes of another version are never handed on.
 */
import { type BlobIdentity, leaveMirror } from './blob-identity.js';
import {
  type BlobVersion,
  confirmsVersion,
  differenceOf,
  isOtherVersion,
  parseVersion,
  readVersion,
  versionText,
  writeVersion,
} from './blob-version.js';
import { FetchFailure } from './fetch-failure.js';
import type { HttpEndpoint } from './http-endpoint.js';
import type { HttpNotice } from './http-options.js';
import type { Mirrors } from './mirrors.js';
import type { RangeAnswer } from './range-answer.js';
import { RemoteError } from './remote-blob.js';
import type { ResponseFields } from './response-fields.js';

export interface LearningRules {
  /** as HttpOptions says */
  readonly verified: boolean;
  readonly report: (notice: HttpNotice) => void;
}

export class LearnedIdentity implements BlobIdentity {
  readonly #name: string;
  readonly #mirrors: Mirrors;
  readonly #rules: LearningRules;
  #version: BlobVersion | undefined;
  /** whose answer said what the blob is */
  #opener: HttpEndpoint | undefined;

  /** `name` stays the same with every version. */
  constructor(name: string, mirrors: Mirrors, rules: LearningRules) {
    this.#name = name;
    this.#mirrors = mirrors;
    this.#rules = rules;
  }

  get id(): string {
    return `${this.#name} ${versionText(this.#version!)}`;
  }

  get size(): number | undefined {
    return this.#version?.size;
  }

  get version(): string {
    return writeVersion(this.#version!, this.#opener?.name);
  }

  /**
   * It is what it was when `version` was written. Only the URL that said what the blob is can say that it has changed: what another
   * one has counts as a mirror's. Throws RemoteError 'options'.
   */
  resume(text: string): void {
    const { version, openedFrom } = parseVersion(text);
    this.#version = version;
    // what is verified may come from whoever has it, where nobody knows any more who that was
    const other = this.#rules.verified ? undefined : this.#mirrors.first;
    this.#opener = this.#mirrors.named(openedFrom) ?? other;
    if (this.#opener !== undefined) this.#opener.version = version;
  }

  agree(endpoint: HttpEndpoint, fields: ResponseFields, answer: RangeAnswer): number {
    const { size = endpoint.version?.size } = answer;
    if (size === undefined) {
      throw new FetchFailure('protocol', 'the server does not say how many bytes the blob has');
    }
    if (endpoint.version === undefined) {
      this.#meet(endpoint, readVersion(fields, size));
    } else if (isOtherVersion(endpoint.version, fields, answer.size)) {
      if (endpoint === this.#opener) throw this.#staleness(endpoint);
      leaveMirror(this.#mirrors, endpoint, 'its blob has changed');
    } else if (answer.isWhole && !confirmsVersion(endpoint.version, fields)) {
      throw new FetchFailure('protocol', 'the answer is not the blob: it does not name the version', {
        transient: true,
      });
    }
    if (answer.isWhole && endpoint !== this.#opener) leaveMirror(this.#mirrors, endpoint, 'it ignores Range');
    return size;
  }

  /** The first answer of an endpoint; the first of all says what the blob is. */
  #meet(endpoint: HttpEndpoint, version: BlobVersion): void {
    if (this.#version === undefined) {
      if (version.size === 0) throw new FetchFailure('protocol', 'it is empty');
      this.#version = version;
      this.#opener = endpoint;
      if (version.etag === undefined && version.modified === undefined) {
        const message = `${endpoint.name} has neither a strong ETag nor a date: a change that keeps its size goes unnoticed`;
        this.#rules.report({ code: 'no-version', message });
      }
    } else {
      const difference = differenceOf(this.#version, version, this.#rules.verified);
      if (difference !== undefined) leaveMirror(this.#mirrors, endpoint, difference);
      this.#opener ??= endpoint;
    }
    endpoint.version = version;
  }

  #staleness(endpoint: HttpEndpoint): RemoteError {
    const was = versionText(this.#version!);
    return new RemoteError(
      'stale',
      `${endpoint.name} has changed since it was opened (size and version were ${was}): open it again`,
    );
  }
}
