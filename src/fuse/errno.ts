/**
 * The one table from what went wrong to what a program sees.
 *
 * Damage is EUCLEAN, as the kernel's file systems say it, and bytes that cannot be had or decoded are EIO.
 */
import { constants } from 'node:os';

const linux = process.platform === 'linux';

/** Error numbers of this system, positive. */
export const Errno = {
  ENOENT: constants.errno.ENOENT,
  EIO: constants.errno.EIO,
  ENOTDIR: constants.errno.ENOTDIR,
  ELOOP: constants.errno.ELOOP,
  EISDIR: constants.errno.EISDIR,
  EINVAL: constants.errno.EINVAL,
  ENOTTY: constants.errno.ENOTTY,
  EROFS: constants.errno.EROFS,
  ERANGE: constants.errno.ERANGE,
  ENXIO: constants.errno.ENXIO,
  ENAMETOOLONG: constants.errno.ENAMETOOLONG,
  ENOSYS: constants.errno.ENOSYS,
  ENODATA: constants.errno.ENODATA,
  EPROTO: constants.errno.EPROTO,
  EOPNOTSUPP: constants.errno.EOPNOTSUPP,
  ESTALE: constants.errno.ESTALE,
  EINTR: constants.errno.EINTR,
  ENETUNREACH: constants.errno.ENETUNREACH,
  /** "Structure needs cleaning": Linux's own, and unknown to Node's table */
  EUCLEAN: linux ? 117 : constants.errno.EIO,
} as const;

const ERRNO_OF_CODE: ReadonlyMap<unknown, number> = new Map([
  ['corrupt', Errno.EUCLEAN],
  ['unsupported', Errno.EOPNOTSUPP],
  ['undecodable', Errno.EIO],
  ['truncated', Errno.EIO],
  ['integrity', Errno.EIO],
  ['io', Errno.EIO],
  ['stale', Errno.ESTALE],
  ['offline', Errno.ENETUNREACH],
  ['unreachable', Errno.EIO],
  ['refused', Errno.EIO],
  ['protocol', Errno.EIO],
  ['not-directory', Errno.ENOTDIR],
  ['not-symlink', Errno.EINVAL],
  ['is-directory', Errno.EISDIR],
  ['no-such-node', Errno.ESTALE],
]);

/** The errno for whatever a tree call threw: by its string `code`; EIO where the code is unknown. */
export function errnoOf(problem: unknown): number {
  return ERRNO_OF_CODE.get((problem as { code?: unknown } | null)?.code) ?? Errno.EIO;
}
