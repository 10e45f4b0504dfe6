/** What a command declares of itself, as its help shows it and its page does. */
import type { CommandModule } from 'yargs';
import { type CommandOption, declareTo, namesOf, optionsIn, wordsOf } from '../src/config/command-table.js';
import {
  declaredTo,
  descriptionsIn,
  examplesOf,
  groupsIn,
  newParser,
  usageIn,
} from '../src/config/parser.js';

/** Where yargs puts what has no heading of its own. */
const UNGROUPED = new Set(['Positionals', 'Commands', 'Options', 'Examples']);

export interface Argument {
  readonly name: string;
  readonly describe: string;
  /** the only words that it may be; [] for any */
  readonly choices: readonly string[];
}

export interface DeclaredOption extends CommandOption {
  /** the heading above it in the help, without its colon and what it says more; undefined: none */
  readonly group: string | undefined;
}

export interface Declaration {
  /** as it is typed: "mount", "cache gc" */
  readonly name: string;
  /** other names of it */
  readonly aliases: readonly string[];
  readonly describe: string;
  /** how its arguments are written: "IMAGE [UPPER...] DIR" */
  readonly usage: string;
  readonly arguments: readonly Argument[];
  readonly options: readonly DeclaredOption[];
  readonly examples: readonly { readonly line: string; readonly description: string }[];
  readonly actions: readonly Declaration[];
}

/** `above` is the command whose action it is, whose options it has as well. */
export function declarationOf(
  command: CommandModule & { readonly actions?: readonly CommandModule[] },
  above?: CommandModule,
): Declaration {
  const parser = newParser([]).help(false).version(false);
  const examples = examplesOf(parser);
  if (above !== undefined) declareTo(parser, above);
  declareTo(parser, command);
  const [word, ...positionals] = wordsOf(command);
  const names = positionals.map((name) => name.replace(/[<>[\].]/g, ''));
  const descriptions = descriptionsIn(parser);
  const { choices } = declaredTo(parser);
  const groups = groupOfEach(groupsIn(parser));
  const name = above === undefined ? word! : `${namesOf(above)[0]} ${word}`;
  return {
    name,
    aliases: namesOf(command).slice(1),
    describe: String(command.describe),
    usage: usageOf(usageIn(parser), positionals),
    arguments: names.map((name) => ({
      ...{ name, describe: descriptions[name] ?? '' },
      choices: choices[name] ?? [],
    })),
    options: [...optionsIn(parser, new Set(names)).values()].map((option) => ({
      ...option,
      group: groups.get(option.name),
    })),
    examples: examples.map(([line, description]) => ({ line: line.replaceAll('$0', 'erofs'), description })),
    actions: (command.actions ?? []).map((action) => declarationOf(action, command)),
  };
}

/** "$0 mount IMAGE [UPPER...] DIR", and what follows; or <image> [path..]. */
function usageOf(own: string | undefined, positionals: readonly string[]): string {
  if (own !== undefined) return own.split('\n')[0]!.split(' ').slice(2).join(' ');
  return positionals.map((word) => word.replace(/[<>]/g, '').replace('..', '...').toUpperCase()).join(' ');
}

function groupOfEach(groups: Readonly<Record<string, readonly string[]>>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [heading, names] of Object.entries(groups)) {
    const group = heading.replace(/[:,].*$/, '');
    if (!UNGROUPED.has(group)) for (const name of names) found.set(name, group);
  }
  return found;
}

/** By title of the section that they stand in, in that order; `loose` is that of those without a heading, and comes first. */
export function sectionsOf(options: readonly DeclaredOption[], loose: string): Map<string, DeclaredOption[]> {
  const found = new Map<string, DeclaredOption[]>([[loose, []]]);
  for (const option of options) {
    const title = option.group?.toUpperCase() ?? loose;
    found.set(title, [...(found.get(title) ?? []), option]);
  }
  return found;
}
