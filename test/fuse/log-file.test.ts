import {
  closeSync,
  existsSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openLogFile } from '../../src/fuse/log-file.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const silent = () => t.fail('nothing is to be said');

t.test('it is made for its owner alone, and appended to', async (t) => {
  const chosen = join(scratch.folder(), 'mount.log');
  for (const line of ['one', 'two']) {
    const { path, descriptor } = openLogFile('/mnt', chosen, silent);
    t.equal(path, chosen);
    writeSync(descriptor, line);
    closeSync(descriptor);
  }
  t.equal(readFileSync(chosen, 'utf8'), 'onetwo');
  t.equal(statSync(chosen).mode & 0o777, 0o600);
});

t.test('a link is not followed, wherever it leads', async (t) => {
  const folder = scratch.folder();
  const other = scratch.file('other', 'kept');
  for (const [name, target] of [
    ['link', other],
    ['dangling', join(folder, 'nothing')],
  ] as const) {
    const link = join(folder, name);
    symlinkSync(target, link);
    t.throws(() => openLogFile('/mnt', link, silent), {
      code: 'ELOOP',
      message: `the log file ${link} is a symbolic link, which is not followed; name the file that it leads to`,
    });
  }
  t.equal(readFileSync(other, 'utf8'), 'kept');
  t.notOk(existsSync(join(folder, 'nothing')));
});

t.test('a fifo that nobody reads is refused at once', async (t) => {
  const fifo = join(scratch.folder(), 'fifo');
  t.equal((await run('mkfifo', [fifo])).status, 0);
  t.throws(() => openLogFile('/mnt', fifo, silent), { code: 'ENXIO' });
});

t.test('a default place that is a link is done without', async (t) => {
  const state = scratch.folder();
  const before = { ...process.env };
  const { geteuid } = process;
  t.teardown(() => {
    process.geteuid = geteuid!;
    if (before.XDG_STATE_HOME === undefined) delete process.env.XDG_STATE_HOME;
    else process.env.XDG_STATE_HOME = before.XDG_STATE_HOME;
  });
  process.geteuid = () => 1;
  process.env.XDG_STATE_HOME = state;
  const made = openLogFile('/mnt/a', undefined, silent);
  closeSync(made.descriptor);
  t.equal(made.path, join(state, 'erofsjs', 'mnt-a.log'));
  const other = scratch.file('other');
  writeFileSync(other, 'kept');
  symlinkSync(other, join(state, 'erofsjs', 'mnt-b.log'));
  const said: string[] = [];
  const none = openLogFile('/mnt/b', undefined, (line) => said.push(line));
  closeSync(none.descriptor);
  t.equal(none.path, undefined);
  t.match(said, [/mnt-b\.log cannot be written to \(ELOOP\); choose another file with --log-file/]);
  t.equal(readFileSync(other, 'utf8'), 'kept');
});
