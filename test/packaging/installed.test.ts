/** The package as a user gets it: packed, unpacked beside what it depends on, no install script run, used by a plain user. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFusePlain } from '../support/front-end.js';
import { command, dist, packageRoot } from '../support/paths.js';
import { type Ended, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { giveToPlain, noSuchUser } from '../support/user.js';

interface Locked {
  readonly dev?: boolean;
  readonly optional?: boolean;
}

const scratch = new Scratch(t);
const noOtherBuild =
  dist === join(packageRoot, 'dist') ? undefined : 'packs what was built in dist, not this build';
const noPlain = noSuchUser('plain');
const image = fixture('lz4').image;

t.test('packed, it holds what runs and what is read', { skip: noOtherBuild ?? false }, async (t) => {
  const files = pack();
  t.ok(files.includes('dist/bin/cli.js') && files.includes('dist/src/index.d.ts'), `${files.length} files`);
  const wanted =
    /^(dist\/bin\/[\w.-]+|dist\/src\/[\w/-]+(\.js|\.d\.ts)|man\/[\w.-]+|docs\/[\w/.-]+|examples\/[\w/.-]+|[A-Z]+(\.md)?|package\.json)$/;
  t.same(
    files.filter((file) => !wanted.test(file)),
    [],
  );
  for (const name of ['html', 'css', 'js'])
    t.ok(files.includes(`dist/bin/explore.${name}`), `the page of erofs explore: ${name}`);
  const { bin, man, exports } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  const named: string[] = [...Object.values<string>(bin), ...man];
  for (const target of Object.values<string | Record<string, string>>(exports)) {
    named.push(...(typeof target === 'string' ? [target] : Object.values(target)));
  }
  for (const name of named) t.ok(files.includes(name.replace(/^\.\//, '')), name);
});

t.test(
  'installed, a plain user mounts, looks, unmounts',
  { skip: noOtherBuild ?? noPlain ?? false },
  async (t) => {
    const { erofs, folder } = install();
    t.match(await erofs(['--version']), { status: 0, stdout: /^erofs \d/, stderr: '' });
    t.match(await erofs(['ls', image]), { status: 0, stdout: /\n/, stderr: '' });
    if (devFusePlain.missing !== undefined) return t.comment(`no mount: ${devFusePlain.missing}`);

    const mountpoint = join(folder, 'mnt');
    const refused = await erofs(['mount', image, mountpoint]);
    t.match(refused, { status: 1, stdout: '' });
    const remedy = /mkdir (?:-p )?(\S+)/.exec(refused.stderr)?.[1];
    t.equal(remedy, mountpoint, `its words mend it: ${refused.stderr}`);
    mkdirSync(mountpoint);
    giveToPlain(mountpoint);
    t.match(await erofs(['mount', image, mountpoint]), { status: 0, stderr: '' });
    const seen = await run('ls', ['-A', mountpoint], { user: 'plain' });
    const listed = await erofs(['ls', image]);
    t.same(seen.stdout.split('\n').sort(), listed.stdout.split('\n').sort());
    t.match(await erofs(['status']), { status: 0, stdout: new RegExp(mountpoint) });
    t.match(await erofs(['umount', mountpoint]), { status: 0, stderr: '' });
    t.same(readdirSync(mountpoint), []);
  },
);

t.test(
  'without the optional packages it still reads',
  { skip: noOtherBuild ?? noPlain ?? false },
  async (t) => {
    const { erofs } = install((locked) => locked.optional !== true);
    const whole = await run(process.execPath, [command, 'ls', '-R', '--json', '--digest', image]);
    const bare = await erofs(['ls', '-R', '--json', '--digest', image]);
    t.match(bare, { status: 0, stderr: '' });
    t.equal(bare.stdout, whole.stdout);
  },
);

/** The paths in the archive that npm makes, which then lies in the scratch folder. */
function pack(): string[] {
  const { stdout, stderr, status } = spawnSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', scratch.path],
    { cwd: packageRoot, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`npm pack: ${stderr}`);
  const [packed] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  return packed.files.map(({ path }) => path);
}

/** A folder as `npm install --ignore-scripts` leaves it, with those of the package's dependencies that `wants` takes. */
function install(wants: (locked: Locked) => boolean = () => true) {
  const folder = scratch.folder('plain');
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'erofsjs'), { recursive: true });
  if (!archive()) pack();
  const words = ['-xzf', archive()!, '-C', join(modules, 'erofsjs'), '--strip-components=1'];
  const { status, stderr } = spawnSync('tar', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tar: ${stderr}`);
  const lock = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  for (const [path, locked] of Object.entries(lock.packages)) {
    if (path === '' || locked.dev === true || !wants(locked)) continue;
    const from = join(packageRoot, path);
    // what is for another platform was not installed
    if (existsSync(from)) cpSync(from, join(folder, path), { recursive: true });
  }
  // what its install script has built is not there either
  rmSync(join(modules, 'fuse-native', 'build'), { recursive: true, force: true });
  const program = join(modules, 'erofsjs', 'dist', 'bin', 'cli.js');
  return {
    folder,
    erofs: (given: readonly string[]): Promise<Ended> =>
      run(process.execPath, [program, ...given], { user: 'plain' }),
  };
}

function archive(): string | undefined {
  const name = readdirSync(scratch.path).find((file) => file.endsWith('.tgz'));
  return name === undefined ? undefined : join(scratch.path, name);
}
