/** The only importer of yargs: a parser of a command line, and its words under their names without any command. */
import yargs, { type Argv } from 'yargs';
import { hideBin, Parser } from 'yargs/helpers';

/** What a parser knows of the options that were declared to it; yargs' types leave it out. */
export interface Declared {
  readonly key: Readonly<Record<string, unknown>>;
  readonly alias: Readonly<Record<string, readonly string[]>>;
  readonly boolean: readonly string[];
  readonly number: readonly string[];
  readonly string: readonly string[];
  readonly array: readonly string[];
  readonly narg: Readonly<Record<string, number>>;
  readonly choices: Readonly<Record<string, readonly string[]>>;
  readonly default: Readonly<Record<string, unknown>>;
  readonly defaultDescription: Readonly<Record<string, string | undefined>>;
}

interface YargsInside {
  getOptions(): Declared;
  getGroups(): Readonly<Record<string, readonly string[]>>;
  getInternalMethods(): {
    getUsageInstance(): {
      cacheHelpMessage: () => void;
      example: (line: string, description?: string) => void;
      getDescriptions(): Readonly<Record<string, string>>;
      getUsage(): readonly (readonly [usage: string, description: string])[];
    };
  };
}

const inside = (parser: Argv): YargsInside => parser as unknown as YargsInside;

/** The words behind the program's name. */
export const programWords = (): string[] => hideBin(process.argv);

export function newParser(words: readonly string[]): Argv {
  const parser = yargs([...words]);
  // It renders the help of each command that runs, for a failure that shows it. Ours show a line: 70 ms of 330 for `erofs ls`.
  inside(parser).getInternalMethods().getUsageInstance().cacheHelpMessage = () => {};
  return parser;
}

export const declaredTo = (parser: Argv): Declared => inside(parser).getOptions();

/** By option. */
export const descriptionsIn = (parser: Argv): Readonly<Record<string, string>> =>
  inside(parser).getInternalMethods().getUsageInstance().getDescriptions();

/** By heading, the options that stand under it in the help. */
export const groupsIn = (parser: Argv): Readonly<Record<string, readonly string[]>> =>
  inside(parser).getGroups();

/** How the command is used, in its own words; undefined where its arguments say it. */
export const usageIn = (parser: Argv): string | undefined =>
  inside(parser).getInternalMethods().getUsageInstance().getUsage()[0]?.[0];

/** The examples that are declared from now on, each with what it is for: yargs tells them to nobody. */
export function examplesOf(parser: Argv): readonly (readonly [line: string, description: string])[] {
  const examples: [string, string][] = [];
  const keep = (line: string, description = ''): void => void examples.push([line, description]);
  inside(parser).getInternalMethods().getUsageInstance().example = keep;
  return examples;
}

/** What `words` say themselves: no defaults, no checks. Words that belong to no option are in `_`. */
export function saidBy(
  words: readonly string[],
  { alias, boolean, number, string, array, narg }: Declared,
): Readonly<Record<string, unknown>> & { readonly _: readonly (string | number)[] } {
  return Parser([...words], {
    alias: copied(alias),
    boolean: [...boolean],
    number: [...number],
    string: [...string, '_'],
    array: [...array],
    narg: { ...narg },
    configuration: { 'parse-positional-numbers': false },
  });
}

/** Parser writes into what it is given. */
const copied = (lists: Readonly<Record<string, readonly string[]>>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...list]]));
