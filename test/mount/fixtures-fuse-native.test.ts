/**
 * Fixtures through fuse-native, which cannot carry three things, and exactly these: names that are not UTF-8
 * are left out, times are cut to milliseconds, and times before 1970 are shown as 1970.
 */
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { fixtureSuite } from '../support/fixture-suite.js';
import { fuseNative } from '../support/front-end.js';
import { isUtf8, type Manifest, mapFields, readManifest, withoutXattrs } from '../support/manifest.js';
import { isRoot } from '../support/user.js';

const millisecond = 1_000_000n;

function shownByFuseNative(manifest: Manifest): Manifest {
  const named = Object.fromEntries(Object.entries(manifest).filter(([path]) => isUtf8(path)));
  const seen = isRoot ? named : withoutXattrs(named, (name) => name.startsWith('trusted.'));
  return mapFields(seen, ({ mtime_ns, ...fields }) => ({
    ...fields,
    mtime_ns: shownTime(BigInt(mtime_ns as string)),
  }));
}

const shownTime = (nanoseconds: bigint): string =>
  `${nanoseconds < 0n ? 0n : nanoseconds - (nanoseconds % millisecond)}`;

t.test('the fixtures have what fuse-native cannot carry', async (t) => {
  const manifest = readManifest(fixture('plain').manifest);
  const times = Object.values(manifest).map(({ mtime_ns }) => BigInt(mtime_ns as string));
  t.ok(
    Object.keys(manifest).some((path) => !isUtf8(path)),
    'a name that is not UTF-8',
  );
  t.ok(
    times.some((time) => time < 0n),
    'a time before 1970',
  );
  t.ok(
    times.some((time) => time % millisecond !== 0n),
    'a time with nanoseconds',
  );
});

fixtureSuite({ front: fuseNative, every: 20, shows: shownByFuseNative });
