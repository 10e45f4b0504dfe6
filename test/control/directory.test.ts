/** Whose sockets are asked, and where they are put. */
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { controlSockets, openControlDirectory } from '../../src/control/control-directory.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';

const scratch = new Scratch(t);
const user = process.geteuid!();

/** The environment of this process, until the end of the test. */
function environment(t: Test, values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    t.teardown(() => setVariable(name, before));
    setVariable(name, value);
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

t.test('in the runtime directory, for this user alone', async (t) => {
  const runtime = scratch.folder();
  environment(t, { XDG_RUNTIME_DIR: runtime });
  t.equal(openControlDirectory(), join(runtime, 'erofs'));
  t.equal(lstatSync(join(runtime, 'erofs')).mode & 0o777, 0o700);
  t.equal(openControlDirectory(), join(runtime, 'erofs'), 'and again');
});

t.test('in the temporary folder where there is none', async (t) => {
  for (const runtime of [
    undefined,
    'relative',
    join(scratch.path, 'absent'),
    join(scratch.path, 'x'.repeat(120)),
  ]) {
    const temporary = scratch.folder();
    environment(t, { XDG_RUNTIME_DIR: runtime, TMPDIR: temporary });
    t.equal(openControlDirectory(), join(temporary, `erofs-${user}`), `${runtime}`);
  }
});

t.test("another user's runtime directory is not used", { skip: isRoot ? false : 'needs root' }, async (t) => {
  const [runtime, temporary] = [scratch.folder(), scratch.folder()];
  chownSync(runtime, 65534, 65534);
  environment(t, { XDG_RUNTIME_DIR: runtime, TMPDIR: temporary });
  t.equal(openControlDirectory(), join(temporary, `erofs-${user}`));
  t.notOk(existsSync(join(runtime, 'erofs')));
});

t.test('what somebody else prepared is refused', async (t) => {
  const temporary = scratch.folder();
  const directory = join(temporary, `erofs-${user}`);
  environment(t, { XDG_RUNTIME_DIR: undefined, TMPDIR: temporary });
  mkdirSync(directory);
  chmodSync(directory, 0o750);
  t.throws(openControlDirectory, {
    code: 'unsafe-directory',
    message: /others may look into it \(mode 750\)/,
  });
  chmodSync(directory, 0o722);
  t.throws(openControlDirectory, { code: 'unsafe-directory', message: /others may write to it/ });
  if (isRoot) {
    chmodSync(directory, 0o700);
    chownSync(directory, 65534, 65534);
    t.throws(openControlDirectory, { code: 'unsafe-directory', message: /it belongs to user 65534/ });
  }
  const linked = scratch.folder();
  symlinkSync(scratch.folder(), join(linked, `erofs-${user}`));
  environment(t, { TMPDIR: linked });
  t.throws(openControlDirectory, { code: 'unsafe-directory', message: /symbolic link/ });
});

t.test('sockets by the processes that they are called after', async (t) => {
  const [runtime, temporary] = [scratch.folder(), scratch.folder()];
  environment(t, { XDG_RUNTIME_DIR: runtime, TMPDIR: temporary });
  const here = openControlDirectory();
  const there = join(temporary, `erofs-${user}`);
  mkdirSync(there);
  for (const name of ['900.sock', '12-2.sock', 'other', 'x.sock']) writeFileSync(join(here, name), '');
  writeFileSync(join(there, '7.sock'), '');
  const found = controlSockets().filter(({ path }) => path.startsWith(scratch.path));
  t.same(found, [
    { path: join(there, '7.sock'), pid: 7 },
    { path: join(here, '12-2.sock'), pid: 12 },
    { path: join(here, '900.sock'), pid: 900 },
  ]);
});

t.test(
  "root looks for everybody's, and asks none that its owner did not make",
  { skip: isRoot ? false : 'needs root' },
  async (t) => {
    const temporary = scratch.folder();
    environment(t, { XDG_RUNTIME_DIR: undefined, TMPDIR: temporary });
    for (const [name, owner] of [
      ['erofs-65534', 65534],
      ['erofs-65533', 65534],
    ] as const) {
      mkdirSync(join(temporary, name));
      chownSync(join(temporary, name), owner, owner);
      writeFileSync(join(temporary, name, '5.sock'), '');
    }
    const found = controlSockets().filter(({ path }) => path.startsWith(temporary));
    t.same(found, [{ path: join(temporary, 'erofs-65534', '5.sock'), pid: 5 }]);
  },
);
