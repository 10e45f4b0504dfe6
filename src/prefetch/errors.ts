/** What keeps prefetching from being done, apart from the network. */

/**
 * - `bad-trace`        a file that is no trace
 * - `other-image`      a trace of other blobs than the image's
 * - `cache-too-small`  the cache may not take as much as is to be fetched
 * - `not-kept`         what was fetched did not stay in the cache
 * - `not-remote`       nothing of the image lies behind a network
 */
export type PrefetchErrorCode = 'bad-trace' | 'other-image' | 'cache-too-small' | 'not-kept' | 'not-remote';

export class PrefetchError extends Error {
  override readonly name = 'PrefetchError';
  readonly code: PrefetchErrorCode;

  constructor(code: PrefetchErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
