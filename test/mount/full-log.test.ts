/** A log on a disk that is full: the mount does not need it, and the log says what it lost once there is room. */
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { mountWords, remains } from '../support/mounted.js';
import { describeRun, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

t.test('a full disk for the log', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const scratch = new Scratch(t);
  const disk = scratch.folder();
  t.equal((await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk])).status, 0);
  const { bavail, bsize } = statfsSync(disk);
  const filling = join(disk, 'filling');
  writeFileSync(filling, Buffer.alloc(bavail * bsize));
  const mountpoint = scratch.folder();
  const log = join(disk, 'mount.log');
  const said = await erofs(mountWords(devFuseRoot, { image: fixture('plain').image }, mountpoint, log));
  t.equal(said.status, 0, describeRun(said));
  t.equal((await run('cat', [join(mountpoint, 'data/text.bin')])).stdout.length, 90_000);
  t.equal(readFileSync(log, 'utf8'), '');
  rmSync(filling);
  t.equal((await run('umount', [mountpoint])).status, 0);
  t.same(await remains(mountpoint), []);
  t.match(readFileSync(log, 'utf8'), /"lost":\d+,"msg":"lines were lost"/);
});
