/** Where the value of an option comes from, at the command itself. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { command as cache } from '../../src/commands/cache.js';
import { command as ls } from '../../src/commands/ls.js';
import { command as mount } from '../../src/commands/mount.js';
import { type Command, CommandTables } from '../../src/config/command-table.js';
import { Configuration } from '../../src/config/configuration.js';
import { images } from '../support/paths.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';

const scratch = new Scratch(t);
const image = join(images, 'plain.erofs');

/** The environment in which `content` is the configuration file. */
function configured(content: unknown): { XDG_CONFIG_HOME: string; file: string } {
  const home = scratch.folder();
  mkdirSync(join(home, 'erofs'));
  const file = join(home, 'erofs', 'config.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o644 });
  return { XDG_CONFIG_HOME: home, file };
}

const isJson = (text: string): boolean => text.startsWith('{');
const isLong = (text: string): boolean => text.startsWith('drwx');

t.test('command line over environment over file over default', async (t) => {
  const { XDG_CONFIG_HOME } = configured({ json: true, ls: { json: false, long: true } });
  const [plain, file, environment, line, spelled] = await Promise.all([
    erofs(['ls', image]),
    erofs(['ls', image], { environment: { XDG_CONFIG_HOME } }),
    erofs(['ls', image], { environment: { XDG_CONFIG_HOME, EROFS_JSON: '1' } }),
    erofs(['ls', '--no-json', '--long=false', image], {
      environment: { XDG_CONFIG_HOME, EROFS_JSON: 'yes' },
    }),
    erofs(['ls', '-l', image], { environment: { EROFS_LONG: 'off' } }),
  ]);
  t.match(plain, { status: 0, stdout: /^data\n/ });
  t.ok(isLong(file.stdout), `the section of a command wins over the top: ${file.stderr}`);
  t.ok(isJson(environment.stdout), environment.stderr);
  t.match(line, { status: 0, stdout: /^data\n/, stderr: '' });
  t.ok(isLong(spelled.stdout), 'by a short name, too');
});

t.test('what no command understands is refused, and whose it is is said', async (t) => {
  const tables = new CommandTables([mount, ls, cache] as Command[]);
  const refuse = (environment: NodeJS.ProcessEnv, message: RegExp) =>
    t.throws(
      () => new Configuration(tables, environment).of(tables.of(['ls'])!),
      { name: 'ConfigError', code: 'usage', message },
      String(message),
    );
  const files: [unknown, RegExp][] = [
    [{ oflfine: true }, /config\.json: oflfine is no option of any command; did you mean offline\?/],
    [{ ls: { memory: '64M' } }, /config\.json: ls\.memory is no option of erofs ls/],
    [{ mout: {} }, /config\.json: mout is no command; did you mean mount\?/],
    [{ cache: { gx: {} } }, /config\.json: cache\.gx is no action of erofs cache/],
    [{ ls: { more: {} } }, /config\.json: ls\.more is no action of erofs ls/],
    [{ ls: { json: 'yes' } }, /ls\.json is "yes"; expected was true or false/],
    [{ ls: { offset: true } }, /ls\.offset is true; expected was text or a number/],
    [{ ls: null }, /ls is null; expected was text/],
    [[], /holds no object/],
    ['{"ls"', /config\.json is no JSON/],
  ];
  for (const [content, message] of files) {
    refuse({ XDG_CONFIG_HOME: configured(content).XDG_CONFIG_HOME }, message);
  }
  const { XDG_CONFIG_HOME } = configured({});
  refuse({ XDG_CONFIG_HOME, EROFS_JSON: 'maybe' }, /\$EROFS_JSON is maybe; expected was true or false/);
  refuse({ XDG_CONFIG_HOME, EROFS_HASH_BACKEND: 'md5' }, /is md5; expected was one of auto, node, noble/);
});

t.test('a value is read as on the command line, and a complaint says where it comes from', async (t) => {
  const { XDG_CONFIG_HOME } = configured({ ls: { offset: 'x' } });
  const environment = { EROFS_CACHE_DIR: '/a\n/b' };
  const [file, twice] = await Promise.all([
    erofs(['ls', image], { environment: { XDG_CONFIG_HOME } }),
    erofs(['ls', image], { environment }),
  ]);
  t.match(file, { status: 2, stderr: /--offset x: .*; --offset comes from .*config\.json: ls\.offset;/ });
  t.match(twice, {
    status: 2,
    stderr: /--cache-dir is given more than once.* comes from \$EROFS_CACHE_DIR;/,
  });
});

t.test('a file that others could have written is not used', async (t) => {
  const open = configured({ offline: true });
  chmodSync(open.file, 0o666);
  const { XDG_CONFIG_HOME } = open;
  t.match(await erofs(['ls', image], { environment: { XDG_CONFIG_HOME } }), {
    status: 2,
    stderr: /is not used: others may write to it \(mode 666\); use: chmod go-w /,
  });
  if (!isRoot) return;
  chmodSync(open.file, 0o600);
  chownSync(open.file, 12_345, 12_345);
  t.match(await erofs(['ls', image], { environment: { XDG_CONFIG_HOME } }), {
    status: 2,
    stderr: /belongs to user 12345, expected was user 0 or root/,
  });
});

t.test('erofs config tells values and origins, and no secret', async (t) => {
  const { XDG_CONFIG_HOME, file } = configured({
    'cache-dir': '/var/kept',
    mirror: ['https://me:hidden@host/a.erofs?signature=hidden'],
    'token-file': '/root/token',
    cache: { gc: { 'cache-size': '5M' } },
  });
  const environment = { XDG_CONFIG_HOME, EROFS_READAHEAD: '1M', EROFS_TOKEN: 'hidden', EROFS_OFLINE: '1' };
  const [text, json, action] = await Promise.all([
    erofs(['config', 'ls', '--origin'], { environment }),
    erofs(['config', '--json'], { environment }),
    erofs(['config', 'cache', 'gc'], { environment }),
  ]);
  t.match(text, { status: 0, stderr: /EROFS_OFLINE is no option's variable; did you mean EROFS_OFFLINE\?/ });
  const lines = text.stdout.split('\n');
  t.ok(lines.includes(`cache-dir = /var/kept\t${file}: cache-dir`));
  t.ok(lines.includes('readahead = 1M\t$EROFS_READAHEAD'));
  t.ok(lines.includes('read-timeout = 60\tdefault'));
  t.ok(lines.includes('token-file = (none)\tdefault'), 'EROFS_TOKEN wins over a file of a lower rank');
  t.match(action.stdout, /^cache-size = 5M$/m);
  const settings = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  t.match(
    settings.find(({ command, option }) => command === 'mount' && option === 'readahead'),
    { value: '1M', origin: 'environment', place: '$EROFS_READAHEAD' },
  );
  t.notOk(
    settings.some(({ option }) => option === 'token'),
    'no option has the variable of the token',
  );
  t.notMatch(text.stdout + json.stdout, /hidden/);
});

t.test('an option within -o is given on the command line', async (t) => {
  const environment = { EROFS_MEMORY: '1' };
  const words = ['mount', '/no/such.erofs', scratch.folder()];
  t.match(await erofs(words, { environment }), { status: 2, stderr: /--memory comes from \$EROFS_MEMORY/ });
  t.match(await erofs([...words, '-o', 'ro,memory=64M'], { environment }), {
    status: 1,
    stderr: /no such file/,
  });
});

t.test('what was mistyped is named, with what may have been meant', async (t) => {
  const wrong: [string[], string][] = [
    [['mout', 'a', 'b'], 'erofs: unknown command: mout; did you mean mount?'],
    [
      ['mount', 'a', 'b', '--cahce-dir', 'c'],
      'erofs mount: unknown option --cahce-dir; did you mean --cache-dir?',
    ],
    [['ls', 'a', '--jsonn=1'], 'erofs ls: unknown option --jsonn; did you mean --json?'],
    [['cache', 'verfy'], 'erofs cache: unknown action: verfy; did you mean verify?'],
  ];
  for (const [words, line] of wrong) {
    const ended = await erofs(words);
    t.match(ended, { status: 2, stderr: line }, words.join(' '));
  }
});
