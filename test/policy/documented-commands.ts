/** The command lines of README.md and docs/*.md: lines of fenced blocks, with the output that follows them in blocks of type console. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../support/paths.js';

export interface DocumentedCommand {
  /** where it stands, such as "docs/remote.md" */
  readonly page: string;
  /** without its comment, and without what stands behind a pipe or a redirection */
  readonly line: string;
  /** shell words, without quotes; the first one is the program */
  readonly words: readonly string[];
  /** what the page says that it prints; undefined outside console blocks */
  readonly output: string | undefined;
}

/** Files, as paths from the package's root, with all the text. */
export const pages = (): { page: string; text: string }[] =>
  ['README.md', ...readdirSync(join(packageRoot, 'docs')).map((name) => join('docs', name))]
    .filter((page) => page.endsWith('.md'))
    .sort()
    .map((page) => ({ page, text: readFileSync(join(packageRoot, page), 'utf8') }));

/** What can be told of as a command: its program is one of these. A line of fstab or of a unit begins otherwise. */
const PROGRAM = /^(?:erofs|[a-z][\w.-]*) /;

/** Each line once, wherever it stands: blocks without a type, and those that are called console. */
export function documentedCommands(): DocumentedCommand[] {
  const found = new Map<string, DocumentedCommand>();
  for (const { page, text } of pages()) {
    for (const [, type, block] of text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)) {
      if (type !== '' && type !== 'console') continue;
      const commands = type === 'console' ? fromConsole(page, block!) : fromLines(page, block!);
      for (const command of commands) if (!found.has(command.line)) found.set(command.line, command);
    }
  }
  return [...found.values()];
}

const fromLines = (page: string, block: string): DocumentedCommand[] =>
  block
    .split('\n')
    .filter((line) => PROGRAM.test(`${line} `))
    .map((line) => commandOf(page, line, undefined));

/** "$ COMMAND" and what it prints, until the next one. */
const fromConsole = (page: string, block: string): DocumentedCommand[] =>
  block
    .split(/^\$ /m)
    .filter(Boolean)
    .map((piece) => {
      const end = piece.indexOf('\n');
      return commandOf(page, piece.slice(0, end), piece.slice(end + 1));
    });

function commandOf(page: string, written: string, output: string | undefined): DocumentedCommand {
  const line = written.replace(/\s+(?:#|\||> ).*$/, '').trim();
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|\S+/g)].map((word) => word[1] ?? word[2] ?? word[0]);
  return { page, line, words, output };
}
