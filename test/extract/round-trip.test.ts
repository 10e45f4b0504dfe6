/** Images extracted and read back: what a reader of the tree observes equals the manifest. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { asCommandOptions, fixture } from '../support/fixture.js';
import { differences, type Fields, type Manifest, mapFields, readManifest } from '../support/manifest.js';
import { manifestProgram } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { describeRun, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { isRoot, noSuchUser, plainId } from '../support/user.js';

const IMAGES = [
  'plain',
  'plain-extended',
  'b512',
  'b65536',
  'chunk4k',
  'lz4-dedupe-fragments-ztail',
  '48bit-lz4',
  'blobdev',
  'merged',
  'offset8192',
  'tar-index',
];

const scratch = new Scratch(t);

/** The links of a directory are counted by the file system that it is in. */
const withoutDirectoryLinks = (manifest: Manifest): Manifest =>
  mapFields(manifest, ({ nlink, ...fields }) => (isDirectory(fields) ? fields : { nlink, ...fields }));

const isDirectory = (fields: Fields): boolean => /^4/.test(String(fields.mode));

for (const name of IMAGES) {
  const skip = noPython ?? (isRoot ? false : 'needs root to restore owners and devices');
  t.test(`${name} as root`, { skip }, async (t) => {
    const { image, options, manifest } = fixture(name);
    const target = join(scratch.folder(), 'target');
    const said = await erofs([
      'extract',
      '--strict',
      '--devices',
      '--suid',
      ...asCommandOptions(options),
      image,
      target,
    ]);
    t.equal(said.status, 0, describeRun(said));
    t.match(said.stdout, /^extracted \d+ files .* into .*\n$/);
    t.equal(said.stderr, '');
    const seen = await observe<Manifest>(manifestProgram, [target]);
    const expected = withoutDirectoryLinks(readManifest(manifest));
    t.same(differences(withoutDirectoryLinks(seen), expected), []);
  });
}

/** Files of mode 0 are among what was extracted. */
const onlyRootReadsAll = isRoot ? false : 'needs root to read all that the plain user made';

t.test('plain as a plain user', { skip: noPython ?? noSuchUser('plain') ?? onlyRootReadsAll }, async (t) => {
  const { image, manifest } = fixture('plain');
  const target = join(scratch.folder('plain'), 'target');
  const said = await erofs(['extract', image, target], { user: 'plain' });
  t.equal(said.status, 0, describeRun(said));
  t.match(said.stderr, /owners were not restored, which only root can do/);
  t.match(said.stderr, /device nodes were left out, which only root can make \(2, /);
  t.match(said.stderr, /extended attributes were refused \(\d+, such as trusted\./);
  const seen = await observe<Manifest>(manifestProgram, [target]);
  t.same(
    differences(withoutDirectoryLinks(seen), withoutDirectoryLinks(asPlainUser(readManifest(manifest)))),
    [],
  );
  const strict = await erofs(['extract', '--strict', image, `${target}-strict`], { user: 'plain' });
  t.equal(strict.status, 1, 'what falls short is a failure where everything is asked for');
});

/** Own owner, no devices but whiteouts, no setuid or setgid bits (no file of the image is the plain user's), user.* and ACLs only. */
function asPlainUser(manifest: Manifest): Manifest {
  const kept = Object.entries(manifest).filter(
    ([, { rdev }]) => rdev === undefined || String(rdev) === '0,0',
  );
  return mapFields(Object.fromEntries(kept), ({ xattrs, mode, ...fields }) => {
    const allowed = Object.entries((xattrs ?? {}) as Fields).filter(([name]) =>
      /^(user|system)\./.test(name),
    );
    return {
      ...fields,
      mode: (Number.parseInt(String(mode), 8) & ~0o6000).toString(8),
      uid: plainId,
      gid: plainId,
      ...(allowed.length > 0 && { xattrs: Object.fromEntries(allowed) }),
    };
  });
}

t.test('one directory, one file, one link', async (t) => {
  const { image } = fixture('plain');
  const target = scratch.folder();
  for (const [path, summary] of [
    ['/hard', /^extracted 1 file \(9000 bytes\), 2 directories, 2 hard links into /],
    ['/data/text.bin', /^extracted 1 file \(90000 bytes\) into /],
    ['/sym-short', /^extracted 1 symbolic link into /],
  ] as const) {
    const said = await erofs(['extract', '--path', path, image, join(target, path.replaceAll('/', '-'))]);
    t.equal(said.status, 0, describeRun(said));
    t.match(said.stdout, summary);
  }
});

t.test('what cannot be', async (t) => {
  const { image } = fixture('plain');
  const occupied = scratch.folder();
  mkdirSync(join(occupied, 'other'));
  for (const [message, ...words] of [
    [/is not empty; name another directory/, image, occupied],
    [/the image has no nope/, '--path', 'nope', image, join(occupied, 'x')],
    [/not a directory/, image, '/dev/null'],
  ] as const) {
    const said = await erofs(['extract', ...words]);
    t.equal(said.status, 1);
    t.match(said.stderr, message);
    t.match(said.stderr, /^erofs extract: [^\n]*\n$/, 'one line');
  }
});
