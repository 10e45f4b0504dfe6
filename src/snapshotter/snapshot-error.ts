/**
 * Why a directory is no snapshot that can be shown; `message` says what was found there, and what to name instead.
 *
 * - `not-a-snapshot`   it has nothing of an EROFS snapshotter in it
 * - `no-layer`         its content is not an EROFS image: a directory of files, or a writable layer
 * - `missing-layer`    the merged metadata speak of a layer that is not beside it
 */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly code: 'not-a-snapshot' | 'no-layer' | 'missing-layer';

  constructor(code: SnapshotError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
