/** With every warning shown and no rejection overlooked, commands and mounts print nothing beside what they are asked for. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { asCommandOptions, fixture } from '../support/fixture.js';
import { devFuseRoot, fuseNative } from '../support/front-end.js';
import { mount, remains } from '../support/mounted.js';
import { describeRun, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const environment = { NODE_OPTIONS: '--trace-warnings --trace-deprecation --unhandled-rejections=strict' };
const image = fixture('zstd-c128k-frag');

t.test('commands', async (t) => {
  const name = [image.image, ...asCommandOptions(image.options)];
  const target = `${scratch.folder()}/extracted`;
  for (const words of [
    ['ls', '-lR', ...name],
    ['stat', ...name, '/'],
    ['info', ...name],
    ['digest', ...name],
    ['verify', ...name],
    ['extract', '--devices', '--suid', ...name, target],
  ]) {
    const said = await erofs(words, { environment });
    t.equal(said.status, 0, `${words[0]}: ${describeRun(said)}`);
    t.equal(said.stderr, '', `${words[0]}: nothing on stderr`);
  }
});

for (const front of [devFuseRoot, fuseNative]) {
  t.test(`a mount through ${front.name}`, { skip: front.missing ?? false }, async (t) => {
    const mounted = await mount(scratch, front, { ...image, environment });
    t.equal(mounted.said.stderr, '', 'nothing on stderr');
    const read = await run('tar', ['-C', mounted.mountpoint, '-cf', '/dev/zero', '.'], { user: front.user });
    t.equal(read.status, 0, describeRun(read));
    const said = await erofs(['umount', mounted.mountpoint], { user: front.user, environment });
    t.equal(said.status, 0, describeRun(said));
    t.equal(said.stderr, '', 'nor at its end');
    t.same(await remains(mounted.mountpoint), []);
    const lines = readFileSync(mounted.log, 'utf8').trimEnd().split('\n');
    const own = lines.filter((line) => !line.startsWith('{"level":30,'));
    // fuse-native says of each directory that it cannot carry names that are not UTF-8
    t.same(
      own.filter((line) => !line.includes('names that are not UTF-8')),
      [],
      'the log has what the mount itself tells, and nothing else',
    );
  });
}
