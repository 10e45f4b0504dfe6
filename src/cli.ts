#!/usr/bin/env node
/** The command `erofs`. Names the commands and nothing else: what a command needs, it loads when it runs. */
import { readFileSync } from 'node:fs';
import yargs, { type Argv, type CommandModule } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { command as cache } from './commands/cache.js';
import { command as cat } from './commands/cat.js';
import { command as diff, EXIT_TROUBLE } from './commands/diff.js';
import { command as digest } from './commands/digest.js';
import { command as doctor } from './commands/doctor.js';
import { command as du } from './commands/du.js';
import { command as dump } from './commands/dump.js';
import { command as explain } from './commands/explain.js';
import { command as extract } from './commands/extract.js';
import { EXIT_FAILED, reportFailure, UsageError } from './commands/failure.js';
import { command as find, findWords } from './commands/find.js';
import { command as info } from './commands/info.js';
import { command as inspect } from './commands/inspect.js';
import { command as ls } from './commands/ls.js';
import { command as mount } from './commands/mount.js';
import { command as pull } from './commands/pull.js';
import { command as stat } from './commands/stat.js';
import { command as stats } from './commands/stats.js';
import { command as status } from './commands/status.js';
import { command as tree } from './commands/tree.js';
import { command as umount } from './commands/umount.js';
import { command as upgrade } from './commands/upgrade.js';
import { fsckStatus, command as verify } from './commands/verify.js';

/** What its types do not tell. */
interface YargsInside {
  getInternalMethods(): { getUsageInstance(): { cacheHelpMessage: () => void } };
}

/** yargs' own wording on the left. */
const WORDING = {
  'Not enough non-option arguments: got %s, need at least %s': {
    one: 'an argument is missing: got %s, expected %s',
    other: 'an argument is missing: got %s, expected %s',
  },
  'Not enough arguments following: %s': 'a value is missing after option %s',
  'Unknown argument: %s': {
    one: 'unknown option or argument: %s',
    other: 'unknown options or arguments: %s',
  },
};

// `erofs ls | head`: the reader has what it wanted
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  // Whoever wrote hears of it as well, and says what was being written.
  process.exitCode = EXIT_FAILED;
});

const commands = [
  mount,
  umount,
  upgrade,
  status,
  stats,
  doctor,
  ls,
  tree,
  find,
  du,
  cat,
  stat,
  extract,
  explain,
  diff,
  dump,
  info,
  inspect,
  digest,
  verify,
  pull,
  cache,
] as CommandModule[];
const given = hideBin(process.argv);
const words = spelled(given);

try {
  if (/^[^-]/.test(words[0] ?? '') && !isCommand(words[0]))
    throw new UsageError(`unknown command: ${words[0]}`);
  const cli = yargs(words)
    .scriptName('erofs')
    .locale('en')
    .updateStrings(WORDING as unknown as Record<string, string>)
    .usage('$0 COMMAND: mount and read EROFS images')
    .demandCommand(1, 'a command is missing')
    .strict()
    .version(version())
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    })
    .epilogue("EROFSJS_DEBUG=1 adds stacks to errors; EROFSJS_LOG_LEVEL sets the level of a mount's log.");
  for (const command of commands) cli.command(command);
  withoutUnaskedHelp(cli);
  await cli.parseAsync();
} catch (error) {
  const status = reportFailure(isCommand(words[0]) ? `erofs ${words[0]}` : 'erofs', error);
  const own = { verify: fsckStatus(status), diff: EXIT_TROUBLE }[words[0] ?? ''];
  process.exitCode = own ?? status;
}

/** yargs renders the help of each command that runs, for a failure that shows it. Ours show a line: 70 ms of 330 for `erofs ls`. */
function withoutUnaskedHelp(cli: Argv): void {
  const { getInternalMethods } = cli as Partial<YargsInside>;
  const usage = getInternalMethods?.call(cli).getUsageInstance();
  if (usage !== undefined) usage.cacheHelpMessage = () => {};
}

/** What other programs' users write as yargs reads it. */
function spelled(words: string[]): string[] {
  if (words[0] === 'mount') return words.flatMap(splitMountOption);
  return words[0] === 'find' ? findWords(words) : words;
}

/** `-oro` as mount(8) takes it: the option and its list in one word. */
function splitMountOption(word: string): string[] {
  return /^-o[^=]/.test(word) ? ['-o', word.slice(2)] : [word];
}

function isCommand(word: string | undefined): boolean {
  return commands.some(({ command, aliases = [] }) =>
    [command, aliases].flat().some((name) => name?.split(' ')[0] === word),
  );
}

function version(): string {
  const description = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(description) as { version: string }).version;
}
