/**
 * Who may do what on a mount that others may enter: owners, groups and modes of the image decide, as the kernel checks them;
 * and what an image may not bring along, whoever mounts it: setuid bits and devices.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { devFusePlain, devFuseRoot, type FrontEnd, fuseNative, kernelDriver } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { flat } from '../support/image-writer-body.js';
import { device, directory, file } from '../support/image-writer-node.js';
import { mount, remains } from '../support/mounted.js';
import { command, program } from '../support/paths.js';
import { describeRun, killGroup, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { isRoot, plainId, withUser } from '../support/user.js';

const scratch = new Scratch(t);
const OWNER = 12_345;
const GROUP = 7_777;
const noRoot = isRoot ? undefined : 'needs root to become several users';

/** Paths of the image, and who may read them, or list them where they are directories. */
const READERS: Readonly<Record<string, readonly string[]>> = {
  world: ['root', 'owner', 'member', 'stranger'],
  'root-only': ['root'],
  'of-the-owner': ['root', 'owner'],
  'of-the-group': ['root', 'member'],
  // the first class that fits decides, even where a later one may more
  'not-of-the-group': ['root', 'owner', 'stranger'],
  closed: ['root'],
  'closed/file': ['root'],
  'closed-to-others': ['root', 'member'],
  'closed-to-others/file': ['root', 'member'],
  'no-listing': ['root'],
  'no-listing/file': ['root', 'owner', 'member', 'stranger'],
  'no-entering/file': ['root'],
};

/** uid, gid and supplementary groups; the member is one by a supplementary group alone. */
const USERS: Readonly<Record<string, readonly string[]>> = {
  root: ['--reuid', '0', '--regid', '0', '--clear-groups'],
  owner: ['--reuid', String(OWNER), '--regid', String(OWNER), '--clear-groups'],
  member: ['--reuid', '23456', '--regid', '23456', '--groups', `100,${GROUP}`],
  stranger: ['--reuid', '34567', '--regid', '34567', '--clear-groups'],
};

const within = (permissions: number, gid = 0) => directory({ file: file('text') }, { permissions, gid });

const idProgram = '/usr/bin/id';

const image = scratch.file('permissions.erofs');
writeImage({
  root: directory({
    world: file('text'),
    'root-only': file('text', { permissions: 0o600 }),
    'of-the-owner': file('text', { permissions: 0o600, uid: OWNER }),
    'of-the-group': file('text', { permissions: 0o640, gid: GROUP }),
    'not-of-the-group': file('text', { permissions: 0o604, gid: GROUP }),
    closed: within(0o700),
    'closed-to-others': within(0o750, GROUP),
    'no-listing': within(0o711),
    'no-entering': within(0o744),
    id: file(flat(existsSync(idProgram) ? readFileSync(idProgram) : ''), { permissions: 0o4755 }),
    null: device('character', 1, 3, { permissions: 0o666 }),
  }),
}).save(image);

/** Prints those of its parameters that it can read or list. */
const TRY =
  'for path; do if [ -d "$path" ]; then ls "$path"; else cat "$path"; fi >/dev/null 2>&1 && echo "$path"; done; true';

/** The words before a program that is to run elsewhere. */
async function whoReads(
  mountpoint: string,
  elsewhere: readonly string[] = [],
): Promise<Record<string, string[]>> {
  const paths = Object.keys(READERS);
  const found: Record<string, string[]> = Object.fromEntries(paths.map((path) => [path, []]));
  for (const [name, identity] of Object.entries(USERS)) {
    const words = [...elsewhere, 'setpriv', ...identity, '--', 'sh', '-c', TRY, 'sh'];
    const said = await run(words[0]!, [...words.slice(1), ...paths.map((path) => `${mountpoint}/${path}`)]);
    if (said.status !== 0) throw new Error(`${name}: ${describeRun(said)}`);
    for (const line of said.stdout.trimEnd().split('\n'))
      found[line.slice(mountpoint.length + 1)]?.push(name);
  }
  return found;
}

t.test('allow_other by root', { skip: noRoot ?? devFuseRoot.missing ?? false }, async (t) => {
  const mounted = await mount(scratch, devFuseRoot, { image, options: ['allow_other'] });
  t.same(await whoReads(mounted.mountpoint), READERS);
  await mounted.unmountFromOutside();
});

t.test('allow_other by fuse-native', { skip: noRoot ?? fuseNative.missing ?? false }, async (t) => {
  const mounted = await mount(scratch, fuseNative, { image, options: ['allow_other'] });
  t.same(await whoReads(mounted.mountpoint), READERS);
  await mounted.unmountFromOutside();
});

t.test(
  'without allow_other nobody else enters',
  { skip: noRoot ?? devFuseRoot.missing ?? false },
  async (t) => {
    const mounted = await mount(scratch, devFuseRoot, { image });
    const alone = Object.entries(READERS).map(([path]) => [path, ['root']]);
    t.same(await whoReads(mounted.mountpoint), Object.fromEntries(alone));
    await mounted.unmountFromOutside();
  },
);

t.test(
  'allow_other by a plain user, where fuse.conf has user_allow_other',
  { skip: noRoot ?? devFusePlain.missing ?? false },
  async (t) => {
    // before the namespace, which has no mount that is made later
    const { words: plain, environment } = withUser([process.execPath, command], 'plain');
    const namespace = start('unshare', [
      '--mount',
      'python3',
      program('private-namespace.py'),
      'user-allow-other',
      'sh',
      '-c',
      'echo ready; exec sleep 1000',
    ]);
    t.teardown(() => killGroup(namespace));
    await once(namespace.stdout!, 'data');
    const there = ['nsenter', '--target', String(namespace.pid), '--mount', '--'];
    const asPlain = (...words: string[]) =>
      run(there[0]!, [...there.slice(1), ...plain, ...words], { environment: { HOME: environment.HOME! } });
    const mountpoint = scratch.folder('plain');
    const log = `${scratch.folder('plain', 'log')}/mount.log`;
    const said = await asPlain('mount', '--log-file', log, '-o', 'allow_other', image, mountpoint);
    t.equal(said.status, 0, describeRun(said));
    t.same(await whoReads(mountpoint, there), READERS, 'root may enter as well, and is root');
    const ended = await asPlain('umount', mountpoint);
    t.equal(ended.status, 0, describeRun(ended));
    t.same(await remains(mountpoint), []);
  },
);

for (const front of [devFuseRoot, devFusePlain, fuseNative, kernelDriver] as readonly FrontEnd[]) {
  const skip = noRoot ?? front.missing ?? (existsSync(idProgram) ? false : `needs ${idProgram}`);
  t.test(`setuid bits and devices, ${front.name}`, { skip }, async (t) => {
    const isPlain = front.user === 'plain';
    const others = isPlain || front === kernelDriver ? [] : ['allow_other'];
    for (const options of isPlain ? [[]] : [[], ['suid'], ['dev']]) {
      const mounted = await mount(scratch, front, { image, options: [...others, ...options] });
      const { mountpoint } = mounted;
      const [asked = 'nothing'] = options;
      const id = await run(`${mountpoint}/id`, ['-u'], { user: 'plain' });
      t.equal(
        id.stdout.trim(),
        asked === 'suid' ? '0' : String(plainId),
        `a setuid program, ${asked} asked for`,
      );
      const written = await run(
        'sh',
        ['-c', `echo text > ${mountpoint}/null`],
        isPlain ? { user: 'plain' } : {},
      );
      t.equal(written.status === 0, asked === 'dev', `a device, ${asked} asked for: ${describeRun(written)}`);
      t.ok(mounted.line.options.includes('nosuid') === (asked !== 'suid'));
      t.ok(mounted.line.options.includes('nodev') === (asked !== 'dev'));
      await mounted.unmountFromOutside();
      t.ok(await until(async () => (await remains(mountpoint)).length === 0));
    }
  });
}
