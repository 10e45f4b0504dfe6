/** Targets that take not all, or no more: what they refuse is told in a line, and the rest is there. */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeImage } from '../support/image-writer.js';
import { flat } from '../support/image-writer-body.js';
import { device, directory, file, symlink } from '../support/image-writer-node.js';
import { command } from '../support/paths.js';
import { describeRun, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';

const scratch = new Scratch(t);
const root = { skip: isRoot ? false : 'needs root to mount a target' };

const image = scratch.file('image.erofs');
writeImage({
  root: directory({
    a: directory({ small: file('small', { uid: 5, gid: 6, permissions: 0o4755 }) }),
    b: directory({ large: file(flat(Buffer.alloc(3 << 20, 'x'))), link: symlink('large') }),
    null: device('character', 1, 3),
    z: file('never reached where the target is full'),
  }),
}).save(image);

async function target(type: string, options: string): Promise<string> {
  const folder = scratch.folder();
  const said = await run('mount', ['-t', type, '-o', options, 'none', folder]);
  if (said.status !== 0) throw new Error(`mounting ${type}: ${describeRun(said)}`);
  return folder;
}

t.test('a target that is full', root, async (t) => {
  const folder = await target('tmpfs', 'size=2M');
  const said = await erofs(['extract', image, folder]);
  t.equal(said.status, 1, describeRun(said));
  t.match(said.stderr, /^erofs extract: b\/large: writing at byte \d+: no space left on device \(ENOSPC\)$/m);
  t.match(said.stderr, /problems named above: 1; the extraction ended there, and directories that were not/);
  t.equal(readFileSync(join(folder, 'a/small'), 'utf8'), 'small', 'what was made stays');
  t.same(readdirSync(join(folder, 'b')), [], 'what is not whole does not');
  t.equal(
    lstatSync(join(folder, 'b')).mode & 0o777,
    0o700,
    'and nobody else sees a folder that is not finished',
  );
  t.notOk(existsSync(join(folder, 'z')));
});

t.test('a target that is read-only', root, async (t) => {
  const folder = await target('tmpfs', 'size=2M,ro');
  for (const place of [folder, join(folder, 'new')]) {
    const said = await erofs(['extract', image, place]);
    t.equal(said.status, 1, describeRun(said));
    t.match(said.stderr, /read-only file system \(EROFS\)/);
    t.ok(said.stderr.trimEnd().split('\n').length <= 2, said.stderr);
  }
});

t.test('a target without files', root, async (t) => {
  // the file system of BPF has folders and links, and no dot in a name
  const folder = join(await target('bpf', 'mode=0700'), 'new');
  const said = await erofs(['extract', image, folder]);
  t.equal(said.status, 1, describeRun(said));
  for (const name of ['a/small', 'b/large', 'z']) {
    t.match(said.stderr, new RegExp(`^erofs extract: ${name}: making the file: permission denied`, 'm'));
  }
  t.match(said.stderr, /the rest was extracted/);
  t.same(readdirSync(folder), ['a', 'b']);
  t.ok(lstatSync(join(folder, 'b/link')).isSymbolicLink());
});

t.test('root of a user namespace, who has one user and no devices', root, async (t) => {
  const folder = join(scratch.folder(), 'target');
  const words = ['--user', '--map-root-user', process.execPath, command, 'extract', '--suid', '--devices'];
  const said = await run('unshare', [...words, image, folder]);
  t.equal(said.status, 0, describeRun(said));
  t.match(
    said.stderr,
    /owners were refused \(1, such as setting the owner of a\/small to 5:6: invalid argument/,
  );
  t.match(
    said.stderr,
    /setuid or setgid bits were left out, because the owner is another one \(1, such as a\/small/,
  );
  t.match(said.stderr, /device nodes were left out, which only root can make \(1, such as null/);
  t.equal(lstatSync(join(folder, 'a/small')).mode & 0o7777, 0o755, 'another owner lends no rights');
  t.equal(readFileSync(join(folder, 'z'), 'utf8'), 'never reached where the target is full');
  const strict = await run('unshare', [...words, '--strict', image, `${folder}-strict`]);
  t.equal(strict.status, 1, 'where everything is asked for, all that is missing is a failure');
  t.match(strict.stderr, /problems named above: 3/);
});
