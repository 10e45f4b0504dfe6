/** One suite over every fixture: a front end shows what the manifest says, nothing more and nothing less. */
import t, { type Test } from 'tap';
import { allFixtures, type Fixture, someFixtures } from './fixture.js';
import type { FrontEnd } from './front-end.js';
import { differences, type Manifest, readManifest } from './manifest.js';
import { type Mounted, mount, remains } from './mounted.js';
import { manifestProgram } from './paths.js';
import { noPython, observe } from './python.js';
import { Scratch } from './scratch.js';

export interface FixtureSuite {
  readonly front: FrontEnd;
  /** an ordinary run takes every so many of the fixtures; all with FIXTURES=all */
  readonly every?: number;
  /** why this front end cannot show this fixture */
  readonly missingFor?: (fixture: Fixture) => string | undefined;
  /** what this front end is documented to show differently; the manifest itself unless given */
  readonly shows?: (manifest: Manifest) => Manifest;
  /** more that is asserted while the fixture is mounted */
  readonly also?: (t: Test, fixture: Fixture, mounted: Mounted, scratch: Scratch) => Promise<void>;
}

export function fixtureSuite({ front, every = 1, missingFor, shows, also }: FixtureSuite): void {
  const scratch = new Scratch(t);
  t.ok(allFixtures.length > 0, 'there are fixtures');
  for (const fixture of someFixtures(every)) {
    const skip = front.missing ?? noPython ?? missingFor?.(fixture) ?? false;
    t.test(`${fixture.name} through ${front.name}`, { skip }, async (t) => {
      const mounted = await mount(scratch, front, fixture);
      const seen = await observe<Manifest>(manifestProgram, [mounted.mountpoint], { user: front.user });
      const expected = readManifest(fixture.manifest);
      t.same(differences(seen, shows ? shows(expected) : expected), [], 'the tree equals the manifest');
      await also?.(t, fixture, mounted, scratch);
      await mounted.unmountFromOutside();
      t.same(await remains(mounted.mountpoint), [], 'an outside umount leaves neither mount nor process');
    });
  }
}
