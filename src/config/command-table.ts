/** What the commands declare of themselves, as data: for configuration, completion, and for what was mistyped. */
import type { Argv, CommandModule } from 'yargs';
import { type Declared, declaredTo, descriptionsIn, newParser, saidBy } from './parser.js';

export interface Command extends CommandModule {
  /** commands below it: `erofs cache gc` */
  readonly actions?: readonly CommandModule[];
  /** options that were given in another way, as those of -o are; `said` is what saidBy() gives */
  alsoGiven?(said: Readonly<Record<string, unknown>>): Iterable<string>;
}

export interface CommandOption {
  /** the long name, or the letter where there is none, without hyphens before it */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: 'boolean' | 'number' | 'string';
  /** the only words that it takes; [] for any */
  readonly choices: readonly string[];
  readonly describe: string;
  /** as text, where the command tells it */
  readonly default: string | undefined;
}

export class CommandTable {
  /** as it is typed: "mount", "cache gc" */
  readonly name: string;
  /** the names of its arguments, and whether the last one takes all that follow */
  readonly positionals: readonly string[];
  readonly takesMore: boolean;
  /** by long name; neither help nor version */
  readonly options: ReadonlyMap<string, CommandOption>;
  readonly #declared: Declared;
  readonly #command: Command;

  constructor(command: Command, action?: CommandModule) {
    const parser = newParser([]).help(false).version(false);
    declareTo(parser, command);
    if (action !== undefined) declareTo(parser, action);
    const words = wordsOf(action ?? command);
    this.#command = command;
    this.name = action === undefined ? words[0]! : `${wordsOf(command)[0]} ${words[0]}`;
    this.positionals = words.slice(1).map((word) => word.replace(/[<>[\].]/g, ''));
    this.takesMore = words.at(-1)!.includes('..');
    this.#declared = declaredTo(parser);
    const options = [...optionsIn(parser, new Set(this.positionals))];
    // one letter alone, as -o, is configured by nothing
    this.options = new Map(options.filter(([name]) => name.length > 1));
  }

  /** The only words that one of its arguments may be; [] for any. */
  choicesOf(positional: string): readonly string[] {
    return this.#declared.choices[positional] ?? [];
  }

  /** What the words behind the command say. */
  said(words: readonly string[]): ReturnType<typeof saidBy> {
    return saidBy(words, this.#declared);
  }

  /** The options that are given there, by their long names. */
  given(words: readonly string[]): ReadonlySet<string> {
    const said = this.said(words);
    const names = new Set(this.#command.alsoGiven?.(said));
    for (const name of Object.keys(said)) names.add(name);
    return names;
  }
}

export class CommandTables {
  readonly commands: readonly Command[];
  readonly #made = new Map<CommandModule, CommandTable>();

  constructor(commands: readonly Command[]) {
    this.commands = commands;
  }

  /** The names that the first word may have. */
  names(): string[] {
    return this.commands.filter(({ describe }) => describe !== false).flatMap(namesOf);
  }

  find(name: string | undefined): Command | undefined {
    return this.commands.find((command) => namesOf(command).some((known) => known === name));
  }

  /** The command that `words` begin with, or its action where they name one; undefined where there is none. */
  of(words: readonly string[]): CommandTable | undefined {
    const command = this.find(words[0]);
    if (command === undefined) return undefined;
    const action = command.actions?.find((known) => words.slice(1).includes(namesOf(known)[0]!));
    return this.#table(command, action);
  }

  /** Of one command, or of each action that it has. */
  under(command: Command): CommandTable[] {
    if (command.actions === undefined) return [this.#table(command)];
    return command.actions.map((action) => this.#table(command, action));
  }

  all(): CommandTable[] {
    return this.commands
      .filter(({ describe }) => describe !== false)
      .flatMap((command) => this.under(command));
  }

  #table(command: Command, action?: CommandModule): CommandTable {
    const made = this.#made.get(action ?? command) ?? new CommandTable(command, action);
    this.#made.set(action ?? command, made);
    return made;
  }
}

export const namesOf = ({ command, aliases = [] }: CommandModule): string[] =>
  [command ?? [], aliases].flat().map((words) => words.split(' ')[0]!);

/** The words of how it is typed, as "mount <image> <dir..>". */
export const wordsOf = ({ command }: CommandModule): string[] => [command ?? []].flat()[0]!.split(' ');

export function declareTo(parser: Argv, { builder }: CommandModule): void {
  if (typeof builder === 'function') builder(parser as never);
}

/** All that was declared, in that order, but for the arguments. */
export function optionsIn(parser: Argv, positionals: ReadonlySet<string>): Map<string, CommandOption> {
  const declared = declaredTo(parser);
  const descriptions = descriptionsIn(parser);
  const short = new Set(Object.values(declared.alias).flat());
  const names = Object.keys(declared.key).filter((name) => !short.has(name) && !positionals.has(name));
  return new Map(
    names.map((name) => {
      const describe = descriptions[name]?.replace(/^__yargsString__:/, '') ?? '';
      const type = (['boolean', 'number'] as const).find((type) => declared[type].includes(name)) ?? 'string';
      const option: CommandOption = {
        name,
        aliases: declared.alias[name] ?? [],
        type,
        choices: declared.choices[name] ?? /^(\w+(?:\|\w+)+): /.exec(describe)?.[1]?.split('|') ?? [],
        describe,
        default: defaultOf(name, declared, describe) ?? (type === 'boolean' ? 'false' : undefined),
      };
      return [name, option];
    }),
  );
}

/** What the parser fills in; else what the description says, for who opens the image fills that in. */
function defaultOf(
  name: string,
  { default: values, defaultDescription }: Declared,
  describe: string,
): string | undefined {
  const value = defaultDescription[name] ?? values[name];
  return value === undefined ? /\(default: ([^)]+)\)/.exec(describe)?.[1] : String(value);
}
