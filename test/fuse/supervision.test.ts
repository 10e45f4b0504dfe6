/** Supervision on a kernel older than Linux 6.9, which gives nobody the requests that a dead process had read. */
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { openDeviceMount } from '../../src/fuse/dev-fuse-open.js';
import { findMount } from '../../src/fuse/device-mount.js';
import { findServers } from '../../src/fuse/holders.js';
import { type MountEntry, mountAt } from '../../src/fuse/mountinfo.js';
import { Supervision } from '../../src/fuse/supervision.js';
import { waitingCount } from '../../src/fuse/unmount.js';
import { openLog } from '../../src/log/log.js';
import { until } from '../support/until.js';
import { asUser, makeMountpoint, makeRequest, rootObstacle } from './mount-fixture.js';

t.setTimeout(60_000);
process.env.EROFSJS_LOG_LEVEL = 'silent';

const skip = rootObstacle();
const STDERR = 2;
const program = {
  node: process.execPath,
  file: fileURLToPath(new URL('./old-kernel-serving-program.js', import.meta.url)),
};

async function supervised(t: Test): Promise<{ supervision: Supervision; entry: MountEntry }> {
  const { mountpoint, remove } = makeMountpoint(0);
  t.teardown(remove);
  const request = { ...makeRequest(mountpoint), supervise: true };
  const descriptor = await openDeviceMount(mountpoint, request.options);
  const entry = findMount(mountpoint);
  const connection = { descriptor, entry, isInitialised: false, refuseResent: false };
  const task = { request, logDescriptor: STDERR };
  const supervision = new Supervision(task, connection, openLog(STDERR), program);
  await supervision.begin();
  return { supervision, entry };
}

const stat = (path: string) => asUser(0, 'return (await fs.stat(args[0])).isDirectory();', path);
const killServers = (entry: MountEntry) => {
  for (const pid of findServers(entry)) process.kill(pid, 'SIGKILL');
};

t.test('a process that had no request is replaced', { skip }, async (t) => {
  const { supervision, entry } = await supervised(t);
  const [before] = findServers(entry);
  killServers(entry);
  t.ok(await until(() => findServers(entry).some((pid) => pid !== before)));
  t.equal(await stat(`${entry.mountpoint}/data`), true);
  await t.rejects(supervision.upgrade(program), { code: 'kernel-refused', message: /Linux 6\.9 does/ });
  t.equal(await stat(`${entry.mountpoint}/deep`), true, 'and the refused upgrade costs nothing');
  supervision.stop();
  await supervision.ended;
  t.equal(mountAt(entry.mountpoint), undefined);
});

t.test('with a request in a dead process the mount ends', { skip }, async (t) => {
  const { supervision, entry } = await supervised(t);
  const asked = stat(`${entry.mountpoint}/spin`);
  t.ok(await until(() => (waitingCount(entry.minor) ?? 0) > 0), 'somebody waits');
  killServers(entry);
  t.match(await asked, /^(ECONNABORTED|ENOTCONN|EIO)$/, 'and nobody does for ever');
  await supervision.ended;
  t.equal(mountAt(entry.mountpoint), undefined);
});
