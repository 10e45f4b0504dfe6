/** What commands print with --json is what docs/schema says, and nothing beside it; no command that has --json is without a schema. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { allCommands } from '../../src/commands/all.js';
import { CommandTables } from '../../src/config/command-table.js';
import { FaultServer } from '../remote/fault-server.js';
import { explore } from '../support/explored.js';
import { fixture } from '../support/fixture.js';
import { devFuseRoot } from '../support/front-end.js';
import { makeLayout } from '../support/layout.js';
import { saveLayers, threeLayers } from '../support/merged-layers.js';
import { Watcher } from '../support/monitoring.js';
import { mount, remains } from '../support/mounted.js';
import { command as program } from '../support/paths.js';
import { proven } from '../support/proven-image.js';
import { describeRun, erofs, start } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { inPairs } from './in-pairs.js';
import { schemaOf, schemas } from './json-schemas.js';

const scratch = new Scratch(t);
const lz4 = fixture('lz4').image;
const damaged = readFileSync(lz4);
damaged.fill(0xff, damaged.length / 2);
const broken = scratch.file('broken.erofs', damaged);
const [base, ...uppers] = saveLayers(scratch.folder(), threeLayers);
const layout = makeLayout(scratch, [{ layers: [{ bytes: readFileSync(lz4) }] }]).folder;
const { bytes, root } = proven(readFileSync(lz4));
const verity = scratch.file('verity.erofs', bytes);

/** What is run, without --json, and the exit codes that it may have where they are others than 0. */
interface Run {
  readonly command: string;
  readonly words: readonly string[];
  readonly status?: number | readonly number[];
}

const LOCAL: readonly Run[] = [
  { command: 'ls', words: ['-R', '--digest', lz4] },
  { command: 'find', words: [lz4] },
  { command: 'tree', words: [lz4] },
  { command: 'du', words: ['-a', '--total', lz4] },
  { command: 'diff', words: [lz4, fixture('layer1').image], status: 1 },
  { command: 'verify', words: [lz4] },
  { command: 'verify', words: [broken], status: 4 },
  { command: 'stat', words: [lz4, '/'] },
  { command: 'stat', words: [...uppers.flatMap((upper) => ['--upper', upper]), base!, '/'] },
  { command: 'info', words: [fixture('metabox-lz4').image] },
  { command: 'info', words: ['--verity-root', root, verity] },
  { command: 'info', words: [`oci-layout:${layout}`] },
  { command: 'explain', words: [fixture('lz4-fragments').image, '/data/mixed.bin'] },
  { command: 'explain', words: [fixture('chunk4k').image, '/data/sparse.bin'] },
  { command: 'dump', words: [lz4] },
  { command: 'dump', words: [fixture('lz4-fragments').image, 'extents', '/data/mixed.bin'] },
  { command: 'inspect', words: [`oci-layout:${layout}`] },
  { command: 'doctor', words: [], status: [0, 1] },
  { command: 'config', words: [] },
];
/** One after the other, of one cache. */
const REMOTE = ['pull', 'explain', 'cache ls', 'cache verify', 'cache gc', 'cache rm'];
const MOUNTED = ['status', 'stats'];

/** Holds every line against the schema of the command. */
function check(t: Test, command: string, lines: readonly string[]): void {
  const { validate, file } = schemaOf(command);
  t.ok(lines.length > 0, `${command}: there are lines`);
  const wrong = lines.filter((line) => !validate(JSON.parse(line)));
  t.same(wrong, [], `${command}: all of ${lines.length} lines are as ${file} says: ${problems(validate)}`);
  const foreign = { ...(JSON.parse(lines[0]!) as object), foreign: true };
  t.notOk(validate(foreign), `${command}: a field that is not described is refused`);
}

const problems = ({ errors }: { errors?: unknown }): string => JSON.stringify(errors ?? []);

async function checkRun(t: Test, { command, words, status = 0 }: Run): Promise<void> {
  const said = await erofs([...command.split(' '), '--json', ...words]);
  t.ok([status].flat().includes(said.status!), `${command}: ${describeRun(said)}`);
  check(t, command, said.stdout.trimEnd().split('\n'));
}

t.test('every command that has --json has a schema, and its output is held against it here', async (t) => {
  const tables: CommandTables = new CommandTables(allCommands(() => tables));
  const commands = tables.all().filter(({ options }) => options.has('json'));
  const names = commands.map(({ name }) => name).sort();
  t.same(schemas.flatMap(({ commands }) => commands).sort(), names, 'titles name each once, and no other');
  const held = new Set([...LOCAL.map(({ command }) => command), ...REMOTE, ...MOUNTED, 'explore']);
  t.same([...held].sort(), names);
});

t.test('of local images, and of this machine', async (t) => {
  await inPairs(LOCAL, (run) => checkRun(t, run));
});

t.test('of an image behind a network, and of what is kept of it', async (t) => {
  const server = await FaultServer.start(t, readFileSync(lz4));
  const cache = ['--cache-dir', scratch.folder()];
  const words: Readonly<Record<string, readonly string[]>> = {
    pull: [server.url()],
    explain: [server.url(), '/data/text.bin'],
    'cache rm': ['--all'],
  };
  for (const command of REMOTE) await checkRun(t, { command, words: [...cache, ...(words[command] ?? [])] });
});

t.test('of mounts', { skip: devFuseRoot.missing ?? false }, async (t) => {
  const watcher = new Watcher(scratch, 'root');
  const { environment } = watcher;
  const mounted = await mount(scratch, devFuseRoot, { image: lz4, environment });
  const { mountpoint } = mounted;
  check(t, 'status', await watcher.lines('status', '--json', mountpoint));
  check(t, 'stats', await watcher.lines('stats', '--json', mountpoint));
  const words = [program, 'stats', '-i', '0.1', '--json', mountpoint];
  const child = start(process.execPath, words, { environment });
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout!)) {
    lines.push(line);
    if (lines.length === 1) await mounted.unmountFromOutside();
  }
  check(t, 'stats', lines);
  t.same(await remains(mountpoint), []);
});

t.test('the line of erofs explore', async (t) => {
  const { line, end } = await explore(t, [lz4]);
  check(t, 'explore', [line]);
  t.match(await end('SIGTERM'), { status: 0 });
});

t.test('a failure is told on standard error alone', async (t) => {
  const said = await erofs(['stat', '--json', lz4, '/no/such']);
  t.match(said, { status: 1, stdout: '', stderr: /^erofs stat: [^\n]+\n$/ });
});
