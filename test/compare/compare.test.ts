/** Trees with known differences, as images and as directories; and images beside mounts of them. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { compareTrees } from '../../src/compare/compare.js';
import { type Difference, differenceObject } from '../../src/compare/difference.js';
import { DirectorySide } from '../../src/compare/directory-side.js';
import { ImageSide } from '../../src/compare/image-side.js';
import type { Side } from '../../src/compare/side.js';
import { openImage } from '../../src/open.js';
import { fixture } from '../support/fixture.js';
import { mountByKernel, noKernel } from '../support/kernel.js';
import { makeImage, noMkfs } from '../support/make-image.js';
import { openFixture } from '../support/opened.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';

const scratch = new Scratch(t);

async function differences(left: Side, right: Side, times = false) {
  const found: Difference[] = [];
  const said: string[] = [];
  const count = await compareTrees(left, right, {
    times,
    problem: (path, error) => said.push(`${Buffer.from(path)}: ${(error as Error).message}`),
    found: (difference) => {
      found.push(difference);
    },
  });
  t.equal(count, found.length);
  return { found: found.map(differenceObject), said };
}

async function sideOf(t: Test, image: string): Promise<ImageSide> {
  const opened = await openImage({ image });
  t.teardown(() => opened.close());
  return new ImageSide(opened);
}

const TIME = 1_700_000_000;
const LONG = 3 * 2 ** 20 + 5;

/** Two trees; the second differs from the first in one way a name. */
function makeTrees(): [string, string] {
  const first = scratch.folder('self', 'first');
  mkdirSync(join(first, 'dir'));
  mkdirSync(join(first, 'gone', 'below'), { recursive: true });
  for (const name of ['same', 'mode', 'owner', 'type', 'content', 'size', 'time', 'dir/inner', 'gone/x'])
    writeFileSync(join(first, name), 'some text\n'.repeat(2000));
  writeFileSync(join(first, 'long'), Buffer.alloc(LONG, 'x'));
  symlinkSync('here', join(first, 'link'));
  execFileSync('setfattr', ['-n', 'user.a', '-v', '1', join(first, 'same')]);
  const second = join(scratch.folder('self', 'second'), 'tree');
  execFileSync('cp', ['-a', first, second]);
  chmodSync(join(second, 'mode'), 0o4711);
  chownSync(join(second, 'owner'), 7, 8);
  rmSync(join(second, 'type'));
  mkdirSync(join(second, 'type'));
  writeFileSync(join(second, 'content'), 'some test\n'.repeat(2000));
  truncateSync(join(second, 'size'), 5);
  const long = Buffer.alloc(LONG, 'x');
  long[2 * 2 ** 20 + 1] = 0;
  writeFileSync(join(second, 'long'), long);
  rmSync(join(second, 'link'));
  symlinkSync('there', join(second, 'link'));
  execFileSync('setfattr', ['-n', 'user.b', '-v', '2', join(second, 'dir/inner')]);
  rmSync(join(second, 'gone'), { recursive: true });
  cpSync(join(first, 'dir'), join(second, 'new'), { recursive: true });
  utimesSync(join(second, 'time'), TIME, TIME);
  return [first, second];
}

const EXPECTED = [
  { path: 'content', change: 'changed', type: 'regular file', fields: { content: { first_difference: 7 } } },
  {
    path: 'dir/inner',
    change: 'changed',
    type: 'regular file',
    fields: { 'xattr user.b': [null, Buffer.from('2').toString('hex')] },
  },
  { path: 'gone', change: 'removed', type: 'directory' },
  {
    path: 'link',
    change: 'changed',
    type: 'symbolic link',
    fields: { size: [4, 5], target: ['here', 'there'] },
  },
  {
    path: 'long',
    change: 'changed',
    type: 'regular file',
    fields: { content: { first_difference: 2 * 2 ** 20 + 1 } },
  },
  { path: 'mode', change: 'changed', type: 'regular file', fields: { mode: ['644', '4711'] } },
  { path: 'new', change: 'added', type: 'directory' },
  { path: 'owner', change: 'changed', type: 'regular file', fields: { uid: [0, 7], gid: [0, 8] } },
  { path: 'size', change: 'changed', type: 'regular file', fields: { size: [20_000, 5] } },
  {
    path: 'type',
    change: 'changed',
    type: 'directory',
    fields: { type: ['regular file', 'directory'], mode: ['644', '755'] },
  },
];

const skip = noMkfs ?? (isRoot ? false : 'needs root to change owners');

t.test('every kind of difference, in images and directories', { skip }, async (t) => {
  const [first, second] = makeTrees();
  const images = [await makeImage(scratch, first, ['-zlz4hc']), await makeImage(scratch, second, [])];
  const [left, right] = [await sideOf(t, images[0]!.image), await sideOf(t, images[1]!.image)];
  t.strictSame(await differences(left, right), { found: EXPECTED, said: [] }, 'two images');
  t.strictSame(
    await differences(new DirectorySide(first), new DirectorySide(second)),
    { found: EXPECTED, said: [] },
    'two directories',
  );
  t.strictSame(
    await differences(left, new DirectorySide(second)),
    { found: EXPECTED, said: [] },
    'one of each',
  );
  t.strictSame(
    await differences(new DirectorySide(first), left),
    { found: [], said: [] },
    'an image of a tree',
  );
});

t.test('times where they are asked for', { skip }, async (t) => {
  const [first, second] = makeTrees();
  const { found } = await differences(new DirectorySide(first), new DirectorySide(second), true);
  const times = found.filter(
    (difference) => (difference as Difference & { path: string }).path.toString() === 'time',
  );
  t.match(times, [{ change: 'changed', fields: { mtime_ns: [String, `${TIME}000000000`] } }]);
});

t.test('an image beside the kernel’s mount of it', { skip: noKernel ?? false }, async (t) => {
  for (const name of ['plain', 'lz4-dedupe-fragments-ztail']) {
    const { mountpoint } = await mountByKernel(t, scratch, fixture(name));
    const opened = await openFixture(fixture(name));
    t.teardown(() => opened.close());
    const compared = await differences(new ImageSide(opened), new DirectorySide(mountpoint), true);
    t.same(compared, { found: [], said: [] }, name);
  }
});

t.test('the same inode of the same image is not read', async (t) => {
  const first = await openFixture(fixture('lz4'));
  const second = await openFixture(fixture('lz4'));
  t.teardown(() => [first, second].map((opened) => opened.close()));
  const before = first.image.decoder.decodes;
  t.same(await differences(new ImageSide(first), new ImageSide(second)), { found: [], said: [] });
  t.equal(first.image.decoder.decodes, before, 'nothing is decoded');
  const other = await openFixture(fixture('lz4hc'));
  t.teardown(() => other.close());
  t.same((await differences(new ImageSide(first), new ImageSide(other))).found, []);
  t.ok(first.image.decoder.decodes > before, 'of another image everything is');
});
