/** Each misconfiguration is named in its line, with what mends it; nothing else is found wrong with it. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { examine } from '../../src/doctor/examine.js';
import type { Finding } from '../../src/doctor/finding.js';
import type { Places } from '../../src/doctor/machine.js';
import { Scratch } from '../support/scratch.js';
import { rowsOfMachine } from './rows-of-machine.js';
import { machineWith, type Row, type Wrong } from './sound-machine.js';

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

const SECRET = 'hunter2';
const open = credentialFile({
  auths: { 'r.example': { auth: Buffer.from(`me:${SECRET}`).toString('base64') } },
});
const helped = credentialFile({ credsStore: 'desktop' });
const broken = scratch.file('config.json', `{"auths": "${SECRET}`);
const writable = privateFolder(0o777);
const shown = privateFolder(0o755);
const unsafeParent = privateFolder(0o777);

const fuseMount = (user: number) =>
  `31 1 0:99 / /srv/my\\040image rw,nosuid - fuse.erofs image.erofs ro,user_id=${user},group_id=0\n`;

/** What belongs to a user: directories, the environment, credentials, mounts. */
const rowsOfUser: readonly Row[] = [
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
    'a proxy that speaks something else',
    { environment: { HTTP_PROXY: 'ftp://proxy' } },
    'proxies',
    'bad',
    /HTTP_PROXY is no URL/,
    /^export HTTP_PROXY=/,
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

for (const [what, wrong, check, state, found, remedy] of [...rowsOfMachine, ...rowsOfUser]) {
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

t.test('AppArmor without a profile that is in the way', async (t) => {
  const enabled = {
    '/sys/module/apparmor/parameters/enabled': 'Y\n',
    '/proc/self/attr/current': 'unconfined\n',
  };
  const without = { files: enabled, modes: { '/etc/apparmor.d/fusermount3': undefined } };
  const disabled = { files: enabled, modes: { '/etc/apparmor.d/disable/fusermount3': [0o100644] } as const };
  for (const machine of [without, disabled]) {
    const line = (await findings(machine)).find(({ check }) => check === 'AppArmor');
    t.match(line, { state: 'good', found: 'no profile is in the way' });
  }
});

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
