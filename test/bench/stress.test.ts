/** Mounts that come and go while many processes read them; seconds of what runs for ten minutes by hand. */
import { join } from 'node:path';
import t from 'tap';
import { checksumList } from '../../bench/stress/checksums.js';
import { fixture } from '../support/fixture.js';
import { devFuseRoot, fuseNative } from '../support/front-end.js';
import { dist } from '../support/paths.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const main = join(dist, 'bench', 'stress', 'main.js');

for (const [transport, { missing }] of Object.entries({
  'dev-fuse': devFuseRoot,
  'fuse-native': fuseNative,
})) {
  t.test(transport, { skip: missing ?? false }, async (t) => {
    const words = [
      '--transport',
      transport,
      '--seconds',
      '3',
      '--slots',
      '2',
      '--readers',
      '4',
      '--turns',
      '2',
    ];
    const ended = await run(process.execPath, [main, ...words], {
      limit: 200,
      environment: { TMPDIR: scratch.folder() },
    });
    t.equal(ended.status, 0, describeRun(ended));
    const [, mounts, readings] = /, (\d+) mounts, (\d+) readings, nothing wrong/.exec(ended.stdout) ?? [];
    t.ok(Number(mounts) >= 1 && Number(readings) >= 1, ended.stdout);
  });
}

t.test('names of any bytes, as sha256sum takes them', async (t) => {
  const list = Buffer.from(checksumList(fixture('plain'), false)).toString('latin1');
  t.match(list, /^\\?[0-9a-f]{64} {2}\.\//);
  t.equal(list.match(/\n/g)!.length, list.match(/^\\?[0-9a-f]{64} {2}\.\//gm)!.length);
  t.ok(
    list.length > checksumList(fixture('plain'), true).length,
    'those that are not UTF-8 only where they can be read',
  );
});
