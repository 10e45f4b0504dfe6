/** Fixtures through /dev/fuse as root, and beside it the kernel's own mount, compared field by field. */
import { fixtureSuite } from '../support/fixture-suite.js';
import { devFuseRoot } from '../support/front-end.js';
import { noKernelFor } from '../support/kernel.js';
import { sameAsKernel } from '../support/kernel-comparison.js';

fixtureSuite({
  front: devFuseRoot,
  every: 10,
  also: async (t, fixture, { mountpoint }, scratch) => {
    const skip = noKernelFor(fixture);
    if (skip) t.pass('the live comparison', { skip });
    else await sameAsKernel(t, scratch, fixture, mountpoint);
  },
});
