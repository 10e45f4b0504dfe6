/** What the command `erofs` does: it finds the command that is meant and runs it. What a command needs, it loads when it runs. */
import { allCommands } from './commands/all.js';
import { answer, isQuestion } from './commands/completion.js';
import { EXIT_TROUBLE } from './commands/diff.js';
import { EXIT_FAILED, reportFailure, UsageError } from './commands/failure.js';
import { findWords } from './commands/find.js';
import { fsckStatus } from './commands/verify.js';
import { CommandLine, UNKNOWN } from './config/command-line.js';
import { namesOf } from './config/command-table.js';
import { newParser, programWords } from './config/parser.js';
import { versionLine } from './programs.js';

/** yargs' own wording on the left. */
const WORDING = {
  'Not enough non-option arguments: got %s, need at least %s': {
    one: 'an argument is missing: got %s, expected %s',
    other: 'an argument is missing: got %s, expected %s',
  },
  'Not enough arguments following: %s': 'a value is missing after option %s',
  'Unknown argument: %s': {
    one: `${UNKNOWN}%s`,
    other: `${UNKNOWN}%s`,
  },
};

// `erofs ls | head`: the reader has what it wanted
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  // Whoever wrote hears of it as well, and says what was being written.
  process.exitCode = EXIT_FAILED;
});

const commands = allCommands(() => line.tables);
const line: CommandLine = new CommandLine(commands, spelled(programWords()));

// what fails there, fails the process
void (isQuestion(programWords()) ? answer(programWords(), line.tables) : runCommand());

async function runCommand(): Promise<void> {
  try {
    const unknown = line.unknownCommand();
    if (unknown !== undefined) throw new UsageError(unknown);
    const cli = newParser(line.words())
      .scriptName('erofs')
      .locale('en')
      .updateStrings(WORDING as unknown as Record<string, string>)
      .usage('$0 COMMAND: mount and read EROFS images')
      .demandCommand(1, 'a command is missing')
      .strict()
      .version(versionLine())
      .fail((message, error) => {
        throw error ?? new UsageError(line.explained(message));
      })
      .epilogue(
        'Every long option can be set as a variable (EROFS_CACHE_DIR for --cache-dir) or in ~/.config/erofs/config.json.',
      )
      .epilogue("EROFSJS_DEBUG=1 adds stacks to errors; EROFSJS_LOG_LEVEL sets the level of a mount's log.");
    for (const command of commands) cli.command(command);
    await cli.parseAsync();
  } catch (error) {
    const name = line.command === undefined ? undefined : namesOf(line.command)[0];
    const status = reportFailure(name === undefined ? 'erofs' : `erofs ${name}`, error, (message) =>
      line.origins(message),
    );
    const own = { verify: fsckStatus(status), diff: EXIT_TROUBLE }[name ?? ''];
    process.exitCode = own ?? status;
  }
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
