/** What people see of mounts that live, hang and have died, and who may see it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFusePlain, devFuseRoot, fuseNative, kernelDriver } from '../support/front-end.js';
import { layerWords, saveLayers, threeLayers } from '../support/merged-layers.js';
import { numberOf, Watcher } from '../support/monitoring.js';
import { processesWith } from '../support/mount-table.js';
import { type Mounted, mount, remains } from '../support/mounted.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);
const image = fixture('plain').image;
const skip = devFuseRoot.missing ?? false;

const serverOf = ({ mountpoint }: Mounted): number =>
  processesWith(mountpoint).find(({ words }) => words[0]!.startsWith('erofs '))!.pid;

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  t.test(`a mount that serves, ${front.name}`, { skip: front.missing ?? false }, async (t) => {
    const watcher = new Watcher(scratch, front.user);
    const mounted = await mount(scratch, front, { image, environment: watcher.environment });
    const { mountpoint, log } = mounted;
    const status = await watcher.shown(mountpoint);
    const pid = serverOf(mounted);
    t.match(status, {
      ...{ mountpoint, state: 'serving', type: 'fuse.erofs', driver: 'fuse', pid, log_file: log },
      ...{ transport: front.words.at(-1), reason: 'asked for by --driver fuse', log_level: 'info' },
      ...{ waiting: 0, failures: 0, last_error: null, prefetching: null, blobs: [] },
    });
    t.same(status.layers, [{ name: status.image, guarantee: 'none' }]);
    t.ok(status.memory > 10 * 2 ** 20 && status.uptime > 0 && Date.now() - status.started < 600_000);
    const folder = join(watcher.environment.XDG_RUNTIME_DIR!, 'erofs');
    t.same(readdirSync(folder), [`${pid}.sock`]);
    t.equal(statSync(folder).mode & 0o777, 0o700);
    const { mode, uid } = statSync(join(folder, `${pid}.sock`));
    t.same([mode & 0o777, uid], [0o600, numberOf(front.user)]);
    const lines = (await watcher.lines('status', mountpoint)).join('\n');
    t.match(
      lines,
      new RegExp(
        `^${mountpoint}\\n  image +\\S+plain.erofs\\n  driver +fuse, transport ${status.transport}; asked`,
      ),
    );
    t.match(lines, new RegExp(`\\n  server +process ${pid}, for \\d+ s, [\\d.]+ MiB of memory\\n`));
    await mounted.unmountFromOutside();
    t.same(await remains(mountpoint), []);
    t.same(readdirSync(folder), [], 'the socket is gone');
    t.match(await erofs(['status', mountpoint], { user: front.user }), {
      status: 1,
      stderr: /is no mount of ours/,
    });
  });
}

t.test('a server that is stopped keeps nobody waiting', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const mounted = await mount(scratch, devFuseRoot, { image, environment: watcher.environment });
  const { mountpoint } = mounted;
  await watcher.status();
  const pid = serverOf(mounted);
  process.kill(pid, 'SIGSTOP');
  const { environment } = watcher;
  const [shown, lines, stats] = await Promise.all([
    watcher.shown(mountpoint),
    watcher.lines('status', mountpoint),
    erofs(['stats', mountpoint], { environment }),
  ]);
  t.match(shown, { state: 'silent', pid, transport: null });
  t.match(
    lines.join('\n'),
    new RegExp(`process ${pid} does not answer[^]*erofs umount --force ${mountpoint}$`),
  );
  t.match(stats, { status: 1, stderr: /does not answer/ });
  process.kill(pid, 'SIGCONT');
  t.equal((await watcher.shown(mountpoint)).state, 'serving');
  await mounted.unmountFromOutside();
  t.same(await remains(mountpoint), []);
});

t.test('a server that was killed', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const mounted = await mount(scratch, devFuseRoot, { image, environment });
  const { mountpoint } = mounted;
  const living = await watcher.shown(mountpoint);
  const socket = join(environment.XDG_RUNTIME_DIR!, 'erofs', `${living.pid}.sock`);
  process.kill(living.pid!, 'SIGKILL');
  t.ok(await until(() => processesWith(mountpoint).length === 0));
  t.ok(existsSync(socket), 'it had no time to remove it');
  const dead = await watcher.shown(mountpoint);
  t.match(dead, { state: 'dead', pid: null, uptime: null, layers: [] });
  t.same(Object.keys(dead).sort(), Object.keys(living).sort(), 'the same fields');
  t.notOk(existsSync(socket));
  t.match(
    (await watcher.lines('status', mountpoint)).at(-1),
    new RegExp(`clean it: erofs umount ${mountpoint}$`),
  );
  t.match(await erofs(['stats', mountpoint], { environment }), { status: 1, stderr: /has died; clean it/ });
  t.match(await erofs(['umount', mountpoint]), { status: 0 });
  t.same(await remains(mountpoint), []);
});

t.test("the kernel's own driver has no server", { skip: kernelDriver.missing ?? false }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const mounted = await mount(scratch, kernelDriver, { image });
  const { mountpoint } = mounted;
  t.match(await watcher.shown(mountpoint), {
    state: 'kernel',
    driver: 'kernel',
    type: 'erofs',
    image,
    pid: null,
  });
  t.match((await watcher.lines('status', mountpoint)).join(), /kernel's own erofs, without a server/);
  t.match(await erofs(['stats', mountpoint]), {
    status: 1,
    stderr: /which counts nothing; mount it with --driver fuse/,
  });
  await mounted.unmountFromOutside();
});

t.test(
  'each user sees the own mounts, and root all',
  { skip: skip || (devFusePlain.missing ?? false) },
  async (t) => {
    // where both put their sockets without a runtime directory
    const environment = { TMPDIR: scratch.folder('plain', 'temporary') };
    const roots = await mount(scratch, devFuseRoot, { image, environment });
    const plains = await mount(scratch, devFusePlain, { image, environment });
    const seenBy = async (user: 'root' | 'plain') => {
      const said = await erofs(['status', '--json'], { user, environment });
      const all = said.stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      const ours = all.filter(({ mountpoint }) => [roots.mountpoint, plains.mountpoint].includes(mountpoint));
      return ours.map(({ mountpoint, state }) => `${mountpoint} ${state}`).sort();
    };
    t.same(await seenBy('root'), [`${roots.mountpoint} serving`, `${plains.mountpoint} serving`].sort());
    t.same(await seenBy('plain'), [`${plains.mountpoint} serving`]);
    const socket = join(environment.TMPDIR, 'erofs-0', `${serverOf(roots)}.sock`);
    const asked = await erofs(['stats', roots.mountpoint], { user: 'plain', environment });
    t.match(asked, { status: 1, stderr: /does not answer/ });
    t.ok(existsSync(socket));
    await roots.unmountFromOutside();
    await plains.unmountFromOutside();
  },
);

t.test('merged layers', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const layers = saveLayers(scratch.folder('self', 'layers'), threeLayers);
  const { environment } = watcher;
  const mounted = await mount(scratch, devFuseRoot, { ...layerWords(layers), environment });
  const { layers: shown } = await watcher.status();
  t.same(
    shown,
    layers.map((name) => ({ name, guarantee: 'none' })),
  );
  t.match((await watcher.lines('status', mounted.mountpoint)).join('\n'), /verified +1 to 3: not verified/);
  await mounted.unmountFromOutside();
});

t.test('signals: the statistics in the log, and its level', { skip }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const mounted = await mount(scratch, devFuseRoot, { image, environment: watcher.environment });
  const { mountpoint, log } = mounted;
  const { pid } = await watcher.status();
  const logged = () =>
    readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  process.kill(pid, 'SIGUSR1');
  t.ok(await until(() => logged().some(({ msg }) => msg === 'SIGUSR1')));
  t.match(
    logged().find(({ msg }) => msg === 'SIGUSR1'),
    { statistics: { mountpoint, requests: { INIT: { count: 1 } } } },
  );
  for (const level of ['debug', 'info']) {
    const before = logged().length;
    process.kill(pid, 'SIGUSR2');
    t.ok(await until(() => logged().length > before));
    t.equal((await watcher.status()).log_level, level);
  }
  t.notMatch(readFileSync(log, 'utf8'), /Debugger/, "SIGUSR1 is not Node's any more");
  await mounted.unmountFromOutside();
});
