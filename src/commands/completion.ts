/** `erofs completion`: what shells run to complete the words of this command, and what they ask then. */
import type { Candidates, PathsIn } from '../completion/candidates.js';
import { ENTRY, SCRIPTS, type Shell } from '../completion/scripts.js';
import type { Command, CommandTable, CommandTables } from '../config/command-table.js';
import type { ImageArguments } from './image-options.js';

/** Seconds that somebody who pressed a key waits for a look into an image, unless $EROFSJS_COMPLETION_SECONDS says otherwise. */
const PATIENCE = 3;

export const command: Command = {
  command: 'completion <shell>',
  describe: 'Print the script that completes commands, options and paths in images: bash, zsh or fish',
  builder: (parser) =>
    parser
      .positional('shell', {
        choices: Object.keys(SCRIPTS),
        demandOption: true,
        describe: 'whose script; bash: source <(erofs completion bash)',
      })
      .example('source <(erofs completion bash)', 'in ~/.bashrc')
      .example('erofs completion fish > ~/.config/fish/completions/erofs.fish', ''),
  handler: ({ shell }) => {
    process.stdout.write(SCRIPTS[shell as Shell]);
  },
};

/** Whether `words` are a question of one of the scripts. */
export const isQuestion = ([word]: readonly string[]): boolean => word === ENTRY;

/** Answers a question. Never rejects: who presses a key wants no message. */
export async function answer(words: readonly string[], tables: CommandTables): Promise<void> {
  const started = performance.now();
  const patience = (Number(process.env.EROFSJS_COMPLETION_SECONDS) || PATIENCE) * 1000;
  const [, shell, replaced = '', ...rest] = words;
  try {
    const { candidates } = await import('../completion/candidates.js');
    const { fromHome, wordsOfLine } = await import('../completion/typed-line.js');
    const line = shell === 'bash' ? wordsOfLine(rest[0] ?? '').slice(1) : rest;
    const { findWords } = await import('./find.js');
    const typed = line[0] === 'find' ? [...findWords(line.slice(0, -1)), line.at(-1)!] : line;
    const pathsIn: PathsIn = async (table, before, current) => {
      const { Worker } = await import('node:worker_threads');
      // A disk or a mount that does not answer stops this thread in the kernel, where only the end of the process is heard.
      const watch = new Worker(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${patience})`, {
        eval: true,
      });
      watch.unref();
      const { pathsBeginningWith } = await import('./image-paths.js');
      const { Configuration, withConfigured } = await import('../config/configuration.js');
      const configured = new Configuration(tables).of(table);
      const given = imageGiven(table, withConfigured(before, table, configured).words, fromHome);
      if (given === undefined) return [];
      return pathsBeginningWith(given, current, () => performance.now() - started > patience / 2);
    };
    const found = await candidates(tables, typed, pathsIn);
    process.stdout.write(linesFor(found, shell === 'bash' ? cutOff(typed.at(-1) ?? '', replaced) : 0));
  } catch {
    // nothing is known of what was typed: no candidates
  }
  process.exitCode = 0;
}

/** How many characters of the word a shell leaves as they are, where it replaces the rest. */
function cutOff(word: string, replaced: string): number {
  return /[=:]/.test(word) && word.endsWith(replaced) ? word.length - replaced.length : 0;
}

function linesFor(found: Candidates, cut: number): string {
  const words = 'words' in found ? found.words.map((word) => word.slice(cut)) : [];
  return `${[found.kind, ...words].join('\n')}\n`;
}

/** The image as the command would open it; undefined where none is named. */
function imageGiven(
  table: CommandTable,
  before: readonly string[],
  place: (path: string) => string,
): ImageArguments | undefined {
  const said = table.said(before.slice(1));
  const [image] = said._;
  if (image === undefined) return undefined;
  const listOf = (name: string): string[] | undefined =>
    said[name] === undefined ? undefined : [said[name]].flat().map(String).map(place);
  return {
    ...said,
    image: place(String(image)),
    offset: said.offset === undefined ? undefined : Number(said.offset),
    device: listOf('device'),
    upper: listOf('upper'),
    objects: listOf('objects'),
    allowTruncated: true,
    quiet: true,
  } as ImageArguments;
}
