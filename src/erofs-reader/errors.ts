/**
 * The one error class of the reader. The reader knows no errno; src/fuse/errno.ts maps `code` to one.
 *
 * - `corrupt`      the bytes contradict the format (errno EUCLEAN)
 * - `undecodable`  a compressed cluster whose bytes no decoder accepts (errno EIO)
 * - `unsupported`  a legal image that needs what this build lacks (errno EOPNOTSUPP)
 * - `truncated`    the image or a device ends before the bytes that were asked for (errno EIO)
 * - `missing-device` the image needs extra devices that were not given
 * - `not-erofs`    there is no EROFS superblock
 */
export type ErofsErrorCode =
  | 'corrupt'
  | 'undecodable'
  | 'unsupported'
  | 'truncated'
  | 'missing-device'
  | 'not-erofs';

/** Where a problem was met: the inode being read and the byte offset in the image (device 0 unless said). */
export interface ErofsErrorPlace {
  readonly nid?: number | undefined;
  readonly offset?: number | undefined;
  readonly device?: number | undefined;
}

export class ErofsError extends Error {
  override readonly name = 'ErofsError';
  readonly code: ErofsErrorCode;
  readonly nid: number | undefined;
  readonly offset: number | undefined;
  readonly device: number | undefined;

  constructor(code: ErofsErrorCode, message: string, place: ErofsErrorPlace = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.nid = place.nid;
    this.offset = place.offset;
    this.device = place.device;
  }
}

/** `corrupt`, the code of almost every check. */
export function corrupt(message: string, place?: ErofsErrorPlace): ErofsError {
  return new ErofsError('corrupt', message, place);
}

/** What a codec finds wrong with encoded bytes; read.ts adds where they lie and makes it 'undecodable'. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
}
