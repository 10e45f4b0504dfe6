/** Each misconfiguration is named in its line, with what mends it; nothing else is found wrong with it. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { examine } from '../../src/doctor/examine.js';
import type { Finding, State } from '../../src/doctor/finding.js';
import type { Places } from '../../src/doctor/machine.js';
import { Scratch } from '../support/scratch.js';
import { machineWith, type Wrong } from './sound-machine.js';

const MIB = 2 ** 20;
const scratch = new Scratch(t);
const me = process.geteuid?.() ?? 0;

const places: Places = {
  cache: privateFolder(0o700),
  log: scratch.folder(),
  control: privateFolder(0o700),
  credentials: [],
};

function privateFolder(mode: number): string {
  const folder = scratch.folder();
  chmodSync(folder, mode);
  return folder;
}

const credentialFile = (content: object): string => scratch.file('config.json', JSON.stringify(content));

async function findings(wrong: Wrong): Promise<Finding[]> {
  const wanted = { memory: 128 * MIB, url: new URL('https://registry.example/v2/') };
  const found: Finding[] = [];
  for await (const finding of examine(machineWith(wrong, places), wanted)) found.push(finding);
  return found;
}

/** What is wrong, its line, and the remedy; with `#` for a path that is made for the case. */
type Row = readonly [
  what: string,
  wrong: Wrong,
  check: string,
  state: State,
  found: RegExp,
  remedy: string | RegExp,
];

const SECRET = 'hunter2';
const open = credentialFile({
  auths: { 'r.example': { auth: Buffer.from(`me:${SECRET}`).toString('base64') } },
});
const helped = credentialFile({ credsStore: 'desktop' });
const broken = scratch.file('config.json', `{"auths": "${SECRET}`);
const writable = privateFolder(0o777);
const shown = privateFolder(0o755);
const unsafeParent = privateFolder(0o777);

const cgroup = (limit: number): Wrong => ({
  files: { '/sys/fs/cgroup/user.slice/memory.max': `${limit}\n` },
});

const fuseMount = (user: number) =>
  `31 1 0:99 / /srv/my\\040image rw,nosuid - fuse.erofs image.erofs ro,user_id=${user},group_id=0\n`;

const rows: readonly Row[] = [
  [
    'no FUSE',
    { unopened: { '/dev/fuse': 'ENOENT' } },
    '/dev/fuse',
    'bad',
    /not there/,
    /^sudo modprobe fuse/,
  ],
  [
    'a closed device',
    { unopened: { '/dev/fuse': 'EACCES' } },
    '/dev/fuse',
    'bad',
    /EACCES/,
    'sudo chmod 0666 /dev/fuse',
  ],
  [
    'a container without the device',
    { unopened: { '/dev/fuse': 'EPERM' } },
    '/dev/fuse',
    'bad',
    /EPERM/,
    /^docker run --device/,
  ],
  [
    'no capability',
    { user: 0, files: { '/proc/self/status': 'CapEff:\t00000000a80425fb\n' } },
    'right to mount',
    'bad',
    /CAP_SYS_ADMIN/,
    /--cap-add SYS_ADMIN$/,
  ],
  [
    'no fusermount3',
    { programs: { fusermount3: undefined } },
    'fusermount3',
    'bad',
    /not installed/,
    'sudo apt install fuse3',
  ],
  [
    'a fusermount3 for a group',
    { programs: { fusermount3: 'EACCES' } },
    'fusermount3',
    'bad',
    /may not run/,
    /^sudo chmod 4755/,
  ],
  [
    'no setuid',
    { modes: { '/usr/bin/fusermount3': [0o100755] } },
    'fusermount3',
    'bad',
    /not setuid \(mode 755\)/,
    'sudo chmod 4755 /usr/bin/fusermount3',
  ],
  [
    'a fusermount3 of a user',
    { modes: { '/usr/bin/fusermount3': [0o104755, 1000] } },
    'fusermount3',
    'bad',
    /user 1000/,
    /--reinstall fuse3$/,
  ],
  [
    'no new privileges',
    { files: { '/proc/self/status': 'NoNewPrivs:\t1\n' } },
    'fusermount3',
    'bad',
    /no_new_privs/,
    /no-new-privileges=false/,
  ],
  [
    'a hidden fuse.conf',
    { files: { '/etc/fuse.conf': 'EACCES' } },
    'user_allow_other',
    'warning',
    /cannot be read/,
    'sudo chmod a+r /etc/fuse.conf',
  ],
  [
    'no user_allow_other',
    { files: { '/etc/fuse.conf': '#user_allow_other\n' } },
    'user_allow_other',
    'good',
    /for root/,
    /sudo tee -a/,
  ],
  [
    'the profile of a container',
    {
      files: {
        '/sys/module/apparmor/parameters/enabled': 'Y\n',
        '/proc/self/attr/current': 'docker-default (enforce)\n',
      },
    },
    'AppArmor',
    'bad',
    /docker-default/,
    /apparmor=unconfined$/,
  ],
  [
    'the profile of fusermount3',
    {
      files: { '/sys/module/apparmor/parameters/enabled': 'Y\n' },
      modes: { '/etc/apparmor.d/disable/fusermount3': undefined },
    },
    'AppArmor',
    'warning',
    /some directories/,
    /^sudo aa-disable/,
  ],
  [
    'no user namespaces',
    { files: { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' } },
    'user namespaces',
    'warning',
    /apparmor_restrict_unprivileged_userns is 1/,
    'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
  ],
  [
    'no loop devices',
    { user: 0, kernel: '6.1.0', modes: { '/dev/loop-control': undefined } },
    'kernel erofs',
    'warning',
    /loop/,
    'sudo modprobe loop',
  ],
  [
    'a read-only /sys',
    { user: 0, files: { '/proc/self/mountinfo': '30 1 0:20 / /sys ro - sysfs sysfs rw\n' } },
    'read-ahead',
    'warning',
    /read-only/,
    'mount -o remount,rw /sys',
  ],
  ['a small group', cgroup(200 * MIB), 'memory', 'warning', /200 MiB/, 'erofs mount --memory 110M'],
  ['a tiny group', cgroup(64 * MIB), 'memory', 'bad', /64\.0 MiB/, /--memory 218m/],
  [
    'a small group of version 1',
    {
      files: {
        '/proc/self/cgroup': '4:cpu,memory:/a/b\n',
        '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': `${150 * MIB}`,
      },
    },
    'memory',
    'warning',
    /150 MiB/,
    'erofs mount --memory 60M',
  ],
  [
    'few descriptors',
    { files: { '/proc/self/limits': 'Max open files  64  256  files\n' } },
    'open files',
    'warning',
    /256/,
    /^sudo prlimit/,
  ],
  ['an old Node', { node: '18.20.0' }, 'Node.js', 'bad', /18\.20\.0.*20\.19/, 'nvm install 20'],
  ['no koffi', { missing: ['koffi'] }, 'koffi', 'bad', /cannot mount/, /--include=optional/],
  [
    'no koffi for root',
    { user: 0, missing: ['koffi'] },
    'koffi',
    'warning',
    /only FUSE/,
    /--include=optional/,
  ],
  ['no liblz4', { missing: ['liblz4'] }, 'LZ4', 'warning', /lz4-napi decodes/, 'sudo apt install liblz4-1'],
  [
    'neither',
    { missing: ['liblz4', 'lz4-napi'] },
    'LZ4',
    'warning',
    /JavaScript/,
    'sudo apt install liblz4-1',
  ],
  ['no zstddec', { missing: ['zstddec'] }, 'ZSTD', 'bad', /cannot be read/, /^npm ci/],
  [
    'a cache for all',
    { places: { cache: writable } },
    'cache directory',
    'bad',
    /others may write to it \(mode 777\)$/,
    `chmod go-w ${writable}`,
  ],
  [
    'a cache below a directory for all',
    // the real directories belong to whoever runs the tests
    { user: me, places: { cache: join(unsafeParent, 'a', 'cache') } },
    'cache directory',
    'bad',
    /others may write to .*which it lies in/,
    `chmod go-w ${unsafeParent}`,
  ],
  ['a full cache', { free: 100 * MIB }, 'cache directory', 'warning', /100 MiB free/, 'erofs cache gc'],
  [
    'a cache on a read-only disk',
    { unwritten: { [places.cache]: 'EROFS' } },
    'cache directory',
    'bad',
    /EROFS/,
    /--cache-dir/,
  ],
  [
    'a log that cannot be',
    { unwritten: { [places.log]: 'EACCES' } },
    'log directory',
    'warning',
    /EACCES/,
    'erofs mount --log-file FILE',
  ],
  [
    'sockets in sight',
    { places: { control: shown } },
    'socket directory',
    'warning',
    /others may look into it/,
    `chmod go= ${shown}`,
  ],
  [
    'a proxy that is none',
    { environment: { https_proxy: `me:${SECRET}@proxy` } },
    'proxies',
    'bad',
    /https_proxy is no URL/,
    /^export https_proxy=/,
  ],
  [
    'a proxy for all',
    { environment: { all_proxy: 'http://proxy:3128' } },
    'proxies',
    'warning',
    /not looked at/,
    /^export http_proxy="\$all_proxy"/,
  ],
  [
    'credentials in sight',
    { places: { credentials: [open] }, modes: { [open]: [0o100644] } },
    'credentials',
    'warning',
    /mode 644/,
    `chmod go= ${open}`,
  ],
  [
    'no helper',
    { places: { credentials: [helped] } },
    'credentials',
    'bad',
    /docker-credential-desktop.*PATH/,
    /take it out/,
  ],
  ['broken credentials', { places: { credentials: [broken] } }, 'credentials', 'bad', /config\.json/, /^mv /],
  [
    'a clock behind',
    { ahead: 120 },
    'clock',
    'warning',
    /2 min behind that of registry\.example/,
    'sudo timedatectl set-ntp true',
  ],
  ['a clock ahead', { ahead: -7200 }, 'clock', 'bad', /2 h ahead of/, 'sudo timedatectl set-ntp true'],
  [
    'a dead mount',
    { servers: [], files: { '/proc/self/mountinfo': fuseMount(1000) } },
    'mounts',
    'bad',
    /has died/,
    'erofs umount /srv/my image',
  ],
];

t.test('the sound machine', async (t) => {
  const found = await findings({ user: 1000 });
  t.same(
    found.filter(({ state }) => state !== 'good'),
    [],
  );
  t.equal(found.length, 21, 'a line for each check');
});

for (const [what, wrong, check, state, found, remedy] of rows) {
  t.test(what, async (t) => {
    const all = await findings(wrong);
    const line = all.find((finding) => finding.check === check);
    t.match(line, { check, state, found, remedy });
    t.same(
      all.filter((finding) => finding !== line && finding.state !== 'good'),
      [],
      'nothing else',
    );
    t.notMatch(JSON.stringify(all), SECRET, 'no secret');
  });
}

t.test("another user's dead mount is not this user's", async (t) => {
  const wrong = { servers: [], files: { '/proc/self/mountinfo': fuseMount(1001) } };
  t.match((await findings(wrong)).at(-1), { check: 'mounts', state: 'good' });
});

t.test('a proxy is told without its password', async (t) => {
  const environment = { HTTPS_PROXY: `http://me:${SECRET}@proxy:3128/`, no_proxy: 'localhost' };
  const line = (await findings({ environment })).find(({ check }) => check === 'proxies');
  t.match(line, { state: 'good', found: 'HTTPS_PROXY leads to http://proxy:3128, but not for localhost' });
});

t.test('a look that fails is said, and the others go on', async (t) => {
  const all = await findings({ files: { '/proc/self/cgroup': 'EIO' } });
  t.match(
    all.find(({ check }) => check === 'memory'),
    { state: 'warning', found: /could not be looked at: EIO/ },
  );
  t.equal(all.length, 21);
});

t.test('what is of Linux alone is left out elsewhere', async (t) => {
  const checks = (await findings({ platform: 'darwin' })).map(({ check }) => check);
  t.notOk(checks.includes('/dev/fuse') || checks.includes('mounts'));
  t.ok(checks.includes('koffi') && checks.includes('cache directory'));
});
