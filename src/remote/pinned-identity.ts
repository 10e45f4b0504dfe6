/** A blob that its digest names: it cannot change, so no request asks whether it did, and another size is damage. */
import { type BlobIdentity, leaveMirror } from './blob-identity.js';
import { FetchFailure } from './fetch-failure.js';
import type { HttpEndpoint } from './http-endpoint.js';
import type { Mirrors } from './mirrors.js';
import type { RangeAnswer } from './range-answer.js';
import { fieldOf, type ResponseFields } from './response-fields.js';

export interface PinnedBlob {
  /** as RemoteBlob says: the digest, or what else can only have these bytes */
  readonly id: string;
  /** what people call it */
  readonly name: string;
  /** bytes */
  readonly size: number;
}

export class PinnedIdentity implements BlobIdentity {
  readonly id: string;
  readonly size: number;
  readonly #mirrors: Mirrors;

  constructor({ id, size }: PinnedBlob, mirrors: Mirrors) {
    this.id = id;
    this.size = size;
    this.#mirrors = mirrors;
  }

  get version(): string {
    return this.id;
  }

  agree(endpoint: HttpEndpoint, fields: ResponseFields, answer: RangeAnswer): number {
    if (answer.size !== undefined && answer.size !== this.size) {
      throw new FetchFailure(
        'protocol',
        `${endpoint.name} has ${answer.size} bytes where the manifest says ${this.size}: what is stored there is not the blob`,
      );
    }
    if (!answer.isWhole) return this.size;
    if (/^text\/html\b/i.test(fieldOf(fields, 'content-type') ?? '')) {
      throw new FetchFailure('protocol', 'a web page came instead of the blob: a login may be in the way', {
        transient: true,
      });
    }
    if (this.#mirrors.hasMoreThan(new Set([endpoint]))) {
      leaveMirror(this.#mirrors, endpoint, 'it ignores Range');
    }
    return this.size;
  }
}
