// What the tests want from the system. As root on Debian it is installed; elsewhere it is named, and what needs it skips.
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A command (or a shared library) and the Debian packages that may have it: the first that exists is taken. `service` is what the package
 * would start, which the tests do themselves.
 */
const wanted = [
  { command: 'fusermount3', packages: ['fuse3'] },
  { library: 'libfuse.so.2', packages: ['libfuse2t64', 'libfuse2'] },
  { command: 'mkfs.erofs', packages: ['erofs-utils'] },
  { command: 'python3', packages: ['python3'] },
  { command: 'git', packages: ['git'] },
  { command: 'rsync', packages: ['rsync'] },
  { command: 'setfacl', packages: ['acl'] },
  { command: 'setfattr', packages: ['attr'] },
  { command: 'veritysetup', packages: ['cryptsetup-bin'] },
  { command: 'fsverity', packages: ['fsverity'] },
  { command: 'openssl', packages: ['openssl'] },
  { command: 'nginx', packages: ['nginx-light', 'nginx'] },
  { command: 'mandoc', packages: ['mandoc'] },
  { command: 'docker-registry', packages: ['docker-registry'], service: 'docker-registry' },
];

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
const libraryFolders = ['/lib', '/usr/lib', '/lib64', '/usr/lib64', '/usr/local/lib'];

const isPresent = ({ command, library }) =>
  command
    ? folders.some((folder) => existsSync(join(folder, command)))
    : libraryFolders.some(
        (folder) =>
          existsSync(join(folder, library)) ||
          (existsSync(folder) &&
            readdirSync(folder).some(
              (name) => name.includes('linux') && existsSync(join(folder, name, library)),
            )),
      );

/** Installs or names what is missing, and opens /dev/fuse to plain users as udev does. Never throws. */
export function prepareSystem() {
  if (process.platform !== 'linux') return;
  const missing = wanted.filter((want) => !isPresent(want));
  if (missing.length > 0) {
    const names = missing.map((want) => want.command ?? want.library).join(', ');
    if (process.getuid() !== 0 || !existsSync('/usr/bin/apt-get')) {
      const packages = missing.map((want) => want.packages.at(-1)).join(' ');
      console.log(
        `missing here: ${names} (Debian: apt-get install ${packages}). Tests that need them are skipped.`,
      );
    } else installFromDebian(missing, names);
  }
  openFuseDevice();
}

function installFromDebian(missing, names) {
  console.log(`apt-get: installing what the tests want and this system lacks: ${names}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...parameters) =>
    spawnSync('apt-get', parameters, {
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  apt('update');
  const exists = (name) => /^Candidate: (?!\(none\))/m.test(aptPolicy(name));
  const packages = missing.map((want) => want.packages.find(exists) ?? want.packages.at(-1));
  const { status, stderr } = apt('install', '-y', '--no-install-recommends', ...packages);
  if (status !== 0) {
    const reason = stderr.trim().split('\n').at(-1);
    console.log(
      `apt-get install ${packages.join(' ')} failed (${reason}). Tests that need them are skipped.`,
    );
  }
  for (const { service } of missing) {
    // where nothing manages services, none was started
    if (service) spawnSync('systemctl', ['disable', '--now', service], { stdio: 'ignore' });
  }
}

const aptPolicy = (name) =>
  (spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' }).stdout ?? '').replace(/^ +/gm, '');

function openFuseDevice() {
  const device = '/dev/fuse';
  if (!existsSync(device)) {
    console.log(`${device} is missing: every mount through FUSE is skipped (try: modprobe fuse).`);
    return;
  }
  if (process.getuid() === 0 && (statSync(device).mode & 0o666) !== 0o666) {
    console.log(`chmod 0666 ${device}: what udev does elsewhere, so that plain users can mount.`);
    chmodSync(device, 0o666);
  }
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch {
    console.log(
      `${device} may not be opened by this user: mounts through FUSE are skipped (root: chmod 0666 ${device}).`,
    );
  }
}
