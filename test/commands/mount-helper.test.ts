/** The helper as mount(8) calls it, in a private mount namespace where it stands in /sbin. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { devFuseRoot } from '../support/front-end.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { makeLayout } from '../support/layout.js';
import { differences, type Manifest, readManifest } from '../support/manifest.js';
import { saveLayers, threeLayers } from '../support/merged-layers.js';
import { mountedAt } from '../support/mount-table.js';
import { remains } from '../support/mounted.js';
import { images, manifestProgram, mountHelper } from '../support/paths.js';
import { proven } from '../support/proven-image.js';
import { observe } from '../support/python.js';
import { erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const image = join(images, 'plain.erofs');
const skip = devFuseRoot.missing === undefined ? {} : { skip: devFuseRoot.missing };
const mountFuse = '/usr/sbin/mount.fuse3';
const helper = (...words: string[]) => run(process.execPath, [mountHelper, ...words]);

t.test('called as mount(8) calls it', skip, async (t) => {
  const mountpoint = scratch.folder('root');
  const options = 'rw,noatime,nofail,x-systemd.automount,_netdev,uid=7';
  t.match(await helper(image, mountpoint, '-s', '-n', '-o', options, '-t', 'fuse.erofs'), {
    status: 0,
    stdout: '',
    stderr: '',
  });
  t.match(mountedAt(mountpoint), { type: 'fuse.erofs', source: image });
  t.equal((await run('stat', ['-c', '%u', `${mountpoint}/data`])).stdout, '7\n');
  await erofs(['umount', mountpoint]);
  t.same(await remains(mountpoint), []);

  const verbose = await helper(image, mountpoint, '-v', '-t', 'fuse.mine');
  t.match(verbose, { status: 0, stdout: /^mounted .* \(driver fuse, transport dev-fuse\)\n$/ });
  t.equal(mountedAt(mountpoint)?.type, 'fuse.mine');
  await erofs(['umount', mountpoint]);
});

t.test("as containerd's EROFS snapshotter asks for it", skip, async (t) => {
  const mountpoint = scratch.folder('root');
  const [merged, ...layers] = ['merged', 'layer1', 'layer2'].map((name) => join(images, `${name}.erofs`));
  const options = ['ro', 'loop', ...layers.map((layer) => `device=${layer}`), 'X-containerd.mkfs.size=1'];
  const further = ['fsoffset=0', 'dax=never', 'cache_strategy=readaround', 'user_xattr'];
  const words = [...options, ...further].flatMap((option) => ['-o', option]);
  const mounted = await helper(merged!, mountpoint, ...words, '-t', 'erofs', '-v');
  t.match(mounted, { status: 0, stdout: /^mounted / });
  for (const option of ['X-containerd.mkfs.size=1', 'dax=never', 'loop']) {
    t.match(mounted.stderr, `mount.fuse.erofs: -o ${option} has no effect\n`);
  }
  const seen = await observe<Manifest>(manifestProgram, [mountpoint]);
  t.same(differences(seen, readManifest(join(images, 'merged.json'))), []);
  await erofs(['umount', mountpoint]);
});

t.test('X-containerd.dmverity names the sidecar', skip, async (t) => {
  const mountpoint = scratch.folder('root');
  const { bytes, root, hashOffset } = proven(readFileSync(image));
  const layer = scratch.file('layer.erofs', bytes);
  const sidecar = scratch.file('elsewhere.json', JSON.stringify({ roothash: root, hashoffset: hashOffset }));
  const mounted = await helper(
    layer,
    mountpoint,
    '-v',
    '-o',
    'loop',
    '-o',
    `X-containerd.dmverity=${sidecar}`,
  );
  t.match(mounted, { status: 0, stdout: /checked by dm-verity \(integrity\)\)$/m });
  t.match(mounted.stderr, `${sidecar}: integrity, not authenticity`);
  await erofs(['umount', mountpoint]);
  const refused = await helper(layer, mountpoint, '-o', 'X-containerd.dmverity=/no/such');
  t.match(refused, { status: 32, stderr: /^mount\.fuse\.erofs: \/no\/such: no such file/ });
});

t.test(
  'mount.fuse3 calls it, as for the type fuse3.mount.fuse.erofs of containerd',
  existsSync(mountFuse) ? skip : { skip: `needs ${mountFuse}` },
  async (t) => {
    const mountpoint = scratch.folder('root');
    const folder = scratch.folder('root', 'bin');
    writeFileSync(
      join(folder, 'mount.fuse.erofs'),
      `#!/bin/sh\nexec "${process.execPath}" "${mountHelper}" "$@"\n`,
    );
    chmodSync(join(folder, 'mount.fuse.erofs'), 0o755);
    const environment = { PATH: `${folder}:${process.env.PATH}` };
    const words = [
      image,
      mountpoint,
      '-o',
      'ro',
      '-o',
      'loop',
      '-o',
      'X-containerd.a=b',
      '-t',
      'mount.fuse.erofs',
    ];
    t.match(await run(mountFuse, words, { environment }), { status: 0, stderr: '' });
    t.equal(mountedAt(mountpoint)?.source, image);
    await erofs(['umount', mountpoint]);
  },
);

t.test('layers: the source is the lowest, upper= those above it', skip, async (t) => {
  const mountpoint = scratch.folder('root');
  const layers = saveLayers(scratch.folder('root', 'layers'), threeLayers);
  const options = layers.slice(1).map((path) => `upper=${path}`);
  t.match(await helper(layers[0]!, mountpoint, '-o', options.join(',')), { status: 0, stderr: '' });
  t.equal(mountedAt(mountpoint)?.source, `${layers[0]}+2`);
  t.equal((await run('cat', [`${mountpoint}/merged/both`])).stdout, 'top');
  await erofs(['umount', mountpoint]);
  t.same(await remains(mountpoint), []);
});

t.test('-f does all but the mount', skip, async (t) => {
  const mountpoint = scratch.folder('root');
  t.match(await helper(image, mountpoint, '-f'), { status: 0, stdout: '', stderr: '' });
  t.equal(mountedAt(mountpoint), undefined);
});

t.test('an environment with next to nothing in it is enough', skip, async (t) => {
  const mountpoint = scratch.folder('root');
  const ended = await run('env', ['-i', process.execPath, mountHelper, image, mountpoint]);
  t.match(ended, { status: 0, stderr: '' });
  await erofs(['umount', mountpoint]);
});

t.test("failures have mount(8)'s exit codes, and one line", async (t) => {
  const mountpoint = scratch.folder();
  const failures: [string[], number, RegExp][] = [
    [[], 1, /^mount\.fuse\.erofs: expected: mount\.fuse\.erofs IMAGE DIR .*\n$/],
    [[image, mountpoint, '-x'], 1, /^mount\.fuse\.erofs: .*'-x'.*\n$/],
    [[image, mountpoint, '-o', 'bogus'], 1, /-o bogus: no such mount option/],
    [['/no/such', mountpoint], 32, /^mount\.fuse\.erofs: \/no\/such: no such file or directory .*\n$/],
    [[image, '/no/such'], 32, /the mountpoint \/no\/such does not exist; create it first: mkdir -p/],
  ];
  for (const [words, status, line] of failures) {
    t.match(await helper(...words), { status, stdout: '', stderr: line }, words.join(' '));
  }
  t.equal(mountedAt(mountpoint), undefined);
});

t.test('mount -t fuse.erofs and a line of fstab find it', skip, async (t) => {
  const mountpoint = scratch.folder('root');
  const table = scratch.file('fstab', `${image} ${mountpoint} fuse.erofs defaults,nofail,noatime 0 0\n`);
  for (const words of [
    ['mount', '-t', 'fuse.erofs', image, mountpoint],
    ['mount', '-T', table, mountpoint],
  ]) {
    const ended = await inNamespace(scratch, mountpoint, ...words);
    t.match(ended, { status: 0, stdout: 'fuse.erofs ro\n', stderr: '' }, words.join(' '));
    t.same(await remains(mountpoint), []);
  }
});

t.test(
  'container images: their options with _ for -, and the table of mounts of the system',
  skip,
  async (t) => {
    const mountpoint = scratch.folder('root');
    const named = (name: string) => [
      { bytes: writeImage({ root: directory({ data: directory({ [name]: file(name) }) }) }).bytes.toBytes() },
    ];
    const platforms = ['amd64', 'riscv64'].map((architecture) => ({ os: 'linux', architecture }));
    const { folder } = makeLayout(
      scratch,
      platforms.map((platform) => ({ layers: named(platform.architecture), platform, config: platform })),
    );
    const image = `oci-layout:${folder}`;
    const options = [
      'platform=linux/riscv64',
      'plain_http',
      `hosts_dir=${folder}`,
      'require_lazy',
      'offline',
    ];
    t.match(await helper(image, mountpoint, '-v', '-o', options.join(',')), {
      status: 0,
      stdout: /; 1 layer: not verified\)\n$/,
      stderr: /^mount\.fuse\.erofs: layer 1 \(sha256:\w+, \d+ bytes\): not verified\n$/,
    });
    t.match(mountedAt(mountpoint), { type: 'fuse.erofs', source: image });
    t.equal(readFileSync(join(mountpoint, 'data', 'riscv64'), 'utf8'), 'riscv64');
    await erofs(['umount', mountpoint]);
    t.match(await helper(image, mountpoint, '-o', 'platform=linux/arm'), {
      status: 32,
      stderr: /^mount\.fuse\.erofs: oci-layout:[^\n]* has no image for linux\/arm; [^\n]*\n$/,
    });

    const line = `${image} ${mountpoint} fuse.erofs ro,nofail,_netdev,platform=linux/riscv64 0 0\n`;
    const ended = await inNamespace(
      scratch,
      mountpoint,
      'mount',
      '-T',
      scratch.file('fstab', line),
      mountpoint,
    );
    t.match(ended, { status: 0, stdout: 'fuse.erofs ro\n' });
    t.same(await remains(mountpoint), []);
  },
);

/** The namespace has a /sbin of its own, with the helper; what is printed is how the mount looks from within. */
function inNamespace(scratch: Scratch, mountpoint: string, ...words: string[]) {
  const sbin = scratch.folder('root', 'sbin');
  const program = join(sbin, 'mount.fuse.erofs');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${mountHelper}" "$@"\n`);
  chmodSync(program, 0o755);
  return run('unshare', ['-m', 'sh', '-c', SCRIPT, 'sh', sbin, mountpoint, ...words]);
}

const SCRIPT = `
set -e
sbin=$1 mountpoint=$2
shift 2
mount --bind "$sbin" /sbin
"$@"
awk -v at="$mountpoint" '$2 == at { print $3, substr($4, 1, 2) }' /proc/self/mounts
test -d "$mountpoint/data"
umount "$mountpoint"
`;
