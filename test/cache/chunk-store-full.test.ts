/** A disk that is full, or fails: it is said once, and reading goes on. */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { blobKey } from '../../src/cache/chunk-index.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { isRoot } from '../support/user.js';
import { Content, chunkSize } from './chunk-store-content.js';

const scratch = new Scratch(t);
const content = new Content(300 * chunkSize);
const root = { skip: !isRoot && 'needs root' };

function tmpfs(size: number): string {
  const folder = scratch.folder();
  const { status, stderr } = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${size},mode=700`,
    'none',
    folder,
  ]);
  if (status !== 0) throw new Error(`mounting a tmpfs: ${stderr}`);
  return folder;
}

t.test('a full disk', root, async (t) => {
  const problems: Error[] = [];
  const report = (problem: Error) => problems.push(problem);
  const folder = tmpfs(100 * chunkSize);
  const store = content.open(folder, { report });
  await content.fill(store);
  const served = content.served(store);
  t.ok(served.length > 80 && served.length < 100, `${served.length} chunks were kept`);
  t.match(problems, [{ code: 'cache-failing', message: /ENOSPC/ }]);
  store.close();
  const again = content.open(folder);
  t.same(content.served(again), served, 'and stay');
  again.close();
});

t.test('a disk that is full from the start', root, async (t) => {
  const problems: Error[] = [];
  const folder = tmpfs(chunkSize);
  const store = content.open(folder, { report: (problem) => problems.push(problem) });
  await content.fill(store);
  t.same(content.served(store), []);
  t.match(problems, [{ code: 'cache-failing', message: /ENOSPC/ }]);
  store.close();
});

t.test('a disk that becomes read-only serves what it has', root, async (t) => {
  const problems: Error[] = [];
  const report = (problem: Error) => problems.push(problem);
  const folder = tmpfs(400 * chunkSize);
  const before = content.open(folder);
  await content.fill(before, [0, 1]);
  before.close();
  const remount = () => spawnSync('mount', ['-o', 'remount,ro', folder]).status === 0;
  t.ok(await until(remount), 'once its files are closed');
  const store = content.open(folder, { report });
  await content.fill(store, [2, 3]);
  t.same(content.served(store), [0, 1]);
  t.match(problems, [{ code: 'cache-failing', message: /EROFS/ }]);
  store.close();
});

t.test('no link is followed', root, async (t) => {
  const problems: Error[] = [];
  const folder = scratch.folder();
  content.open(folder).close();
  const data = join(folder, 'blobs', blobKey(content.blob.id), 'data');
  rmSync(data);
  symlinkSync('/dev/full', data);
  const store = content.open(folder, { report: (problem) => problems.push(problem) });
  await content.fill(store);
  t.same(content.served(store), []);
  t.match(problems, [{ code: 'cache-failing', message: /ELOOP/ }]);
  store.close();
});

t.test('a directory that may not be written to any more', { skip: isRoot && 'root may' }, async (t) => {
  const problems: Error[] = [];
  const folder = scratch.folder();
  const before = content.open(folder);
  await content.fill(before, [0]);
  before.close();
  const blob = join(folder, 'blobs', blobKey(content.blob.id));
  for (const name of ['index', 'data']) chmodSync(join(blob, name), 0o400);
  const store = content.open(folder, { report: (problem) => problems.push(problem) });
  await content.fill(store, [1]);
  t.same(content.served(store), [0]);
  t.match(problems, [{ code: 'cache-failing', message: /EACCES/ }]);
  store.close();
});
