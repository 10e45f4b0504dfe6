/** Fixtures through `--driver kernel`: the command hands devices and offsets to the kernel as it wants them. */
import { fixtureSuite } from '../support/fixture-suite.js';
import { kernelDriver } from '../support/front-end.js';
import { noKernelFor } from '../support/kernel.js';

fixtureSuite({ front: kernelDriver, every: 16, missingFor: noKernelFor });
