/** Who asks what a blob is, where several open it at once. */
import { lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { Grace } from '../../src/cache/grace.js';
import { OpeningClaim } from '../../src/cache/opening-claim.js';
import { withoutClaims } from '../support/claims.js';
import { Scratch } from '../support/scratch.js';

const skip = withoutClaims();
if (skip !== false) t.plan(0, skip);
const scratch = new Scratch(t);
/** Milliseconds: longer than any test. */
const EVER = 2 ** 30;
const patient = () => new Grace({ grace: EVER, deadline: 2 * EVER });

t.test('one at a time for a reference', async (t) => {
  const folder = join(scratch.folder(), 'cache');
  const first = await OpeningClaim.take(folder, 'https://example.net/a', patient());
  t.equal(lstatSync(join(folder, 'known', 'claims')).mode & 0o777, 0o600);
  let isHad = false;
  const second = OpeningClaim.take(folder, 'https://example.net/a', patient()).then((claim) => {
    isHad = true;
    return claim;
  });
  const other = await OpeningClaim.take(folder, 'https://example.net/b', patient());
  t.notOk(isHad, 'another reference is free, this one is not');
  first.release();
  first.release();
  (await second).release();
  other.release();
});

t.test('for no longer than the grace lasts', async (t) => {
  const folder = scratch.folder();
  const first = await OpeningClaim.take(folder, 'a', patient());
  const second = await OpeningClaim.take(folder, 'a', new Grace({ grace: 20 }));
  second.release();
  let isFree = false;
  const third = OpeningClaim.take(folder, 'a', patient()).then((claim) => {
    isFree = true;
    return claim;
  });
  await OpeningClaim.take(folder, 'a', new Grace({ grace: 20 }));
  t.notOk(isFree, 'who did not get it releases nothing');
  first.release();
  (await third).release();
});

t.test('where nothing can be written everybody has it', async (t) => {
  const file = join(scratch.folder(), 'file');
  writeFileSync(file, '');
  const claims = [1, 2].map(() => OpeningClaim.take(file, 'a', patient()));
  for (const claim of await Promise.all(claims)) claim.release();
  t.ok(lstatSync(file).isFile());
});
