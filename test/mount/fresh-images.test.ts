/** Images made here and now from random trees: the mount shows what the kernel shows, and the bytes of the source. */
import t from 'tap';
import { devFuseRoot } from '../support/front-end.js';
import { noKernelFor } from '../support/kernel.js';
import { sameAsKernel } from '../support/kernel-comparison.js';
import { makeImage, makeTree, noMkfs } from '../support/make-image.js';
import { differences, type Manifest, mapFields } from '../support/manifest.js';
import { mount } from '../support/mounted.js';
import { manifestProgram } from '../support/paths.js';
import { observe } from '../support/python.js';
import { Scratch } from '../support/scratch.js';

const optionLists: readonly (readonly string[])[] = [
  [],
  ['-zlz4'],
  ['-zlz4hc,12'],
  ['-zlz4hc', '-C65536'],
  ['-zlz4', '-Eztailpacking'],
  ['-zlz4hc', '-C32768', '-Eztailpacking'],
  ['-zlz4', '-Elegacy-compress'],
  ['-zlz4', '-Eforce-inode-extended'],
  ['-Eforce-inode-compact', '--all-root'],
  ['-Enoinline_data'],
  ['--chunksize=4096'],
  ['--chunksize=65536', '-Eforce-chunk-indexes'],
  ['-x-1'],
  ['-T1234567890', '--all-root'],
];

const scratch = new Scratch(t);
const firstSeed = Math.floor(Math.random() * 1_000_000);

for (const [index, options] of optionLists.entries()) {
  const seed = firstSeed + index;
  const name = `mkfs.erofs ${options.join(' ') || '(no options)'}, make-tree.py ${seed}`;
  t.test(name, { skip: devFuseRoot.missing ?? noMkfs ?? false }, async (t) => {
    const tree = await makeTree(scratch, seed);
    const image = await makeImage(scratch, tree, options);
    const mounted = await mount(scratch, devFuseRoot, image);
    const shown = await observe<Manifest>(manifestProgram, [mounted.mountpoint]);
    const source = await observe<Manifest>(manifestProgram, [tree]);
    t.same(
      differences(bytesOnly(shown), bytesOnly(source)),
      [],
      'names, kinds and bytes are those of the source',
    );
    const skip = noKernelFor(image);
    if (skip) t.pass('the live comparison', { skip });
    else await sameAsKernel(t, scratch, image, mounted.mountpoint);
    await mounted.unmountFromOutside();
  });
}

/** What every set of mkfs options keeps: modes, sizes, bytes, targets and links. */
const bytesOnly = (manifest: Manifest): Manifest =>
  mapFields(manifest, ({ mode, size, sha256, target, rdev, same_inode_as }) => ({
    mode,
    size,
    sha256,
    target,
    rdev,
    same_inode_as,
  }));
