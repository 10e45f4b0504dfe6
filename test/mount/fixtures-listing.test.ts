/** Fixtures through `erofs ls -R --json --digest`, which needs no FUSE and no privilege. */
import t from 'tap';
import { asCommandOptions, someFixtures } from '../support/fixture.js';
import { differences, parseListing, readManifest } from '../support/manifest.js';
import { describeRun, erofs } from '../support/run.js';

/** An ordinary run takes every eighth: the reader's own suite has them all. */
const chosen = someFixtures(8);

for (const { name, image, options, manifest } of chosen) {
  t.test(`${name} through ls`, async (t) => {
    const said = await erofs(['ls', '-R', '--json', '--digest', ...asCommandOptions(options), image]);
    t.equal(said.status, 0, describeRun(said));
    t.equal(said.stderr, '', 'nothing is reported');
    t.same(
      differences(parseListing(said.stdout), readManifest(manifest)),
      [],
      'the listing equals the manifest',
    );
  });
}
