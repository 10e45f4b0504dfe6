/** A mount as a service of systemd: what its manager hears, and the units of docs/systemd.md. */
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { receiveDatagrams } from '../support/datagrams.js';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { remains } from '../support/mounted.js';
import { command, packageRoot } from '../support/paths.js';
import { noPython } from '../support/python.js';
import { describeRun, erofs, killGroup, run, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);
const { image } = fixture('plain');
const skip = devFuseRoot.missing ?? noPython ?? false;

for (const words of [[], ['--supervise']]) {
  t.test(`a service in the foreground ${words.join(' ')}`, { skip }, async (t) => {
    const socket = scratch.file('notify');
    const received = await receiveDatagrams(t, socket);
    const mountpoint = scratch.folder();
    const child = start(
      process.execPath,
      [command, 'mount', '-f', '--driver', 'fuse', ...words, image, mountpoint],
      {
        environment: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '200000' },
      },
    );
    t.teardown(() => killGroup(child));
    const exit = once(child, 'exit');
    t.ok(await until(() => received.filter((text) => text === 'WATCHDOG=1').length >= 2), 'it goes on');
    const [first = ''] = received;
    t.match(first, /^READY=1\nMAINPID=\d+\nSTATUS=.* on? ?.*$/);
    t.match(first, `MAINPID=${child.pid}\n`);
    t.equal((await run('ls', [mountpoint])).status, 0, 'the mount was there');
    child.kill('SIGTERM');
    t.same(await exit, [0, null]);
    t.ok(received.includes('STOPPING=1'));
    t.same(await remains(mountpoint), []);
  });
}

t.test('a daemon says itself that it is ready', { skip }, async (t) => {
  const socket = scratch.file('notify');
  const received = await receiveDatagrams(t, socket);
  const mountpoint = scratch.folder();
  const log = scratch.file('log');
  const said = await erofs(['mount', '--supervise', '--log-file', log, image, mountpoint], {
    environment: { NOTIFY_SOCKET: socket },
  });
  t.equal(said.status, 0, describeRun(said));
  t.ok(await until(() => received.length === 1));
  const pid = /^MAINPID=(\d+)$/m.exec(received[0]!)?.[1];
  t.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), `erofs supervisor ${mountpoint}`);
  t.equal((await erofs(['umount', mountpoint])).status, 0);
  t.same(await remains(mountpoint), []);
});

const noAnalyzer = existsSync('/usr/bin/systemd-analyze') ? false : 'needs systemd-analyze';

t.test('the units of the documentation', { skip: noAnalyzer }, async (t) => {
  const text = readFileSync(join(packageRoot, 'docs', 'systemd.md'), 'utf8');
  const units = [...text.matchAll(/^```ini\n([\s\S]*?)^```/gm)].map((found) => found[1]!);
  t.equal(units.length, 2);
  const folder = scratch.folder();
  for (const unit of units) {
    const path = join(folder, unit.includes('[Mount]') ? 'srv-root.mount' : 'erofs-root.service');
    // the program is not installed where the tests run
    writeFileSync(path, unit.replaceAll('/usr/bin/erofs', process.execPath));
    const said = await run('systemd-analyze', ['verify', '--man=no', path]);
    t.equal(said.status, 0, describeRun(said));
    const about = said.stderr.split('\n').filter((line) => line.includes(path.split('/').at(-1)!));
    t.same(about, [], 'without a complaint');
  }
});
