import { constants } from 'node:os';
import t from 'tap';
import { ErofsError } from '../../src/erofs-reader/errors.js';
import { errnoOf } from '../../src/fuse/errno.js';
import { RemoteError } from '../../src/remote/remote-blob.js';
import { TreeError } from '../../src/tree/tree.js';

t.test('one errno for each code', { skip: process.platform !== 'linux' && 'Linux numbers' }, async (t) => {
  t.equal(errnoOf(new ErofsError('corrupt', '')), 117);
  t.equal(errnoOf(new ErofsError('unsupported', '')), constants.errno.EOPNOTSUPP);
  t.equal(errnoOf(new ErofsError('undecodable', '')), constants.errno.EIO);
  t.equal(errnoOf(new ErofsError('truncated', '')), constants.errno.EIO);
  t.equal(errnoOf(new TreeError('not-directory', '')), constants.errno.ENOTDIR);
  t.equal(errnoOf(new TreeError('not-symlink', '')), constants.errno.EINVAL);
  t.equal(errnoOf(new TreeError('is-directory', '')), constants.errno.EISDIR);
  t.equal(errnoOf(new TreeError('no-such-node', '')), constants.errno.ESTALE);
  t.equal(errnoOf(new RemoteError('stale', '')), constants.errno.ESTALE);
  t.equal(errnoOf(new RemoteError('offline', '')), constants.errno.ENETUNREACH);
  for (const code of ['unreachable', 'refused', 'protocol'] as const) {
    t.equal(errnoOf(new RemoteError(code, '')), constants.errno.EIO, code);
  }
});

t.test('EIO for what has no code of ours', async (t) => {
  for (const problem of [
    new Error('defect'),
    Object.assign(new Error(), { code: 'ENOENT' }),
    'text',
    null,
    undefined,
  ]) {
    t.equal(errnoOf(problem), constants.errno.EIO);
  }
});
