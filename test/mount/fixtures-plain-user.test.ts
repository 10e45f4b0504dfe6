/** Fixtures through /dev/fuse as a plain user, from whom trusted.* is hidden as the kernel hides it. */
import { fixtureSuite } from '../support/fixture-suite.js';
import { devFusePlain } from '../support/front-end.js';
import { withoutXattrs } from '../support/manifest.js';

fixtureSuite({
  front: devFusePlain,
  every: 20,
  shows: (manifest) => withoutXattrs(manifest, (name) => name.startsWith('trusted.')),
});
