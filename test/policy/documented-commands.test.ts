/**
 * Every command of README.md and docs/*.md is run as it stands there: it ends as it should, prints what the page says, or, where it
 * speaks of what is not here, fails for that reason and not because nobody understands it. In an ordinary run those of README.md and
 * docs/reading.md; DOCUMENTS=all runs all.
 */
import t, { type Test } from 'tap';
import { devFuseRoot } from '../support/front-end.js';
import { packageRoot } from '../support/paths.js';
import { describeRun, type Ended, erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { type DocumentedCommand, documentedCommands } from './documented-commands.js';
import { saveDocumentedImages } from './documented-images.js';
import { inPairs } from './in-pairs.js';

/** Programs of others, and npm, whose scripts another test looks up. */
const OTHERS = new Set(
  'npm node source apt dnf apk mkfs.erofs curl openssl printf root_hash=$(veritysetup veritysetup ln systemctl podman docker'.split(
    ' ',
  ),
);

/** What is not run at all, and why. */
const NOT_RUN: readonly (readonly [line: RegExp, reason: string])[] = [
  [/ stats -i 1 /, 'goes on until the mount ends'],
  [/^erofs doctor/, 'its answer is about the machine'],
  [/ --metrics 9100 /, 'a port that another program may have'],
  [/^erofs explore/, 'goes on until it is interrupted'],
];

/** What is not here, and why a command that names it can only fail; the exit code of that must not be that of wrong usage. */
const NOT_HERE: readonly (readonly [words: RegExp, reason: string])[] = [
  [/https?:\/\/host\//, 'a server of the reader'],
  [/oci:\/\//, 'a registry of the reader'],
  [/oci-layout:build|docker-archive:/, 'a layout or archive of the reader'],
  [/…/, 'a hash that is cut short on the page'],
  [/\/var\/lib\/|\/data\/|\/srv\//, 'a folder of the reader'],
  [/--verity-cert /, 'a certificate of the reader'],
];

const scratch = new Scratch(t);
const folder = scratch.folder();
const environment = { XDG_CACHE_HOME: scratch.folder(), HOME: scratch.folder() };
const mountpoint = scratch.folder('self', 'mnt');
saveDocumentedImages(folder);

const all = documentedCommands();
const ours = all.filter(({ words }) => words[0] === 'erofs');
const because = (list: typeof NOT_RUN, { line }: DocumentedCommand) =>
  list.find(([pattern]) => pattern.test(line));
const runAll = process.env.DOCUMENTS === 'all';
const isOrdinary = ({ page }: DocumentedCommand): boolean =>
  page === 'README.md' || page === 'docs/reading.md';
const runnable = ours.filter(
  (command) => because(NOT_RUN, command) === undefined && (runAll || isOrdinary(command)),
);
const isOfMount = ({ words }: DocumentedCommand): boolean => words.includes('/mnt');
const isHere = (command: DocumentedCommand): boolean => because(NOT_HERE, command) === undefined;

/** Names that mean something else here: a mountpoint, a host that nobody listens on, a hash. */
const here = (words: readonly string[]): string[] =>
  words.slice(1).map((word) =>
    word === '/mnt'
      ? mountpoint
      : word
          .replace(/(?<=:\/\/)(?:host|registry\.example)\b/, '127.0.0.1:1')
          .replace('//…', '//127.0.0.1:1/app')
          .replace(/([0-9a-f]{4})…/, (_, digits: string) => digits.repeat(16)),
  );

const asWritten = ({ words, output }: DocumentedCommand): Promise<Ended> =>
  erofs(here(words), { cwd: output === undefined ? folder : packageRoot, environment });

function succeeded(t: Test, { page, line, words, output }: DocumentedCommand, said: Ended): void {
  const expected = words[1] === 'diff' && output === undefined ? 1 : 0;
  t.equal(said.status, expected, `${page}: ${line}: ${describeRun(said)}`);
  if (output !== undefined) t.equal(said.stdout, output, `${page}: ${line}: prints what the page says`);
}

t.test('the lists fit the pages', async (t) => {
  t.ok(ours.length > 40, `${ours.length} commands were found`);
  t.ok(ours.filter(({ output }) => output !== undefined).length >= 5, 'some of them with their output');
  const programs = new Set(all.map(({ words }) => words[0]!).filter((name) => name !== 'erofs'));
  t.same(
    [...programs].filter((name) => !OTHERS.has(name)),
    [],
    'every other program is listed',
  );
  for (const [pattern, reason] of [...NOT_RUN, ...NOT_HERE]) {
    t.ok(
      ours.some(({ line }) => pattern.test(line)),
      `${reason}: ${pattern}`,
    );
  }
});

t.test('commands without a mount', async (t) => {
  const commands = runnable.filter((command) => isHere(command) && !isOfMount(command));
  await inPairs(commands, async (command) => succeeded(t, command, await asWritten(command)));
});

const onlyAll = runAll ? {} : { skip: 'DOCUMENTS=all waits for hosts that do not answer' };
t.test('what is not here is refused for that reason', onlyAll, async (t) => {
  await inPairs(
    runnable.filter((command) => !isHere(command)),
    async (command) => {
      const said = await asWritten(command);
      const what = `${command.page}: ${command.line}: ${describeRun(said)}`;
      t.equal(said.status, 1, what);
      t.notMatch(said.stderr, /--help'|internal error/, what);
    },
  );
});

const skip = devFuseRoot.missing === undefined ? {} : { skip: devFuseRoot.missing };
t.test('commands about mounts', skip, async (t) => {
  const commands = runnable.filter((command) => isHere(command) && isOfMount(command));
  const mounts = commands.filter(({ words }) => words[1] === 'mount');
  const unmount = commands.find(({ words }) => words[1] === 'umount')!;
  const questions = commands.filter((command) => !mounts.includes(command) && command !== unmount);
  // the kernel's own driver has no server that could be asked
  const served = await erofs(['mount', '--driver', 'fuse', 'root.erofs', mountpoint], { cwd: folder });
  t.equal(served.status, 0, describeRun(served));
  for (const question of questions) succeeded(t, question, await asWritten(question));
  succeeded(t, unmount, await asWritten(unmount));
  for (const command of mounts) {
    succeeded(t, command, await asWritten(command));
    succeeded(t, unmount, await asWritten(unmount));
  }
});
