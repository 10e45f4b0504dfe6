/** From the words that were typed to a command that runs: with what is configured, or with what was mistyped named. */
import { didYouMean } from '../options/nearest.js';
import { type Command, type CommandTable, CommandTables, namesOf } from './command-table.js';
import { Configuration, type Configured, withConfigured } from './configuration.js';
import { mistyped } from './mistyped.js';

/** How the parser begins what it says of unknown words. */
export const UNKNOWN = 'unknown words: ';

export class CommandLine {
  readonly tables: CommandTables;
  readonly #typed: readonly string[];
  #used: ReadonlyMap<string, Configured> = new Map();

  constructor(commands: readonly Command[], typed: readonly string[]) {
    this.tables = new CommandTables(commands);
    this.#typed = typed;
  }

  /** The command that is meant; undefined where the words name none. */
  get command(): Command | undefined {
    return this.tables.find(this.#typed[0]);
  }

  /** The words with what is configured. Throws ConfigError, the system's error. */
  words(): readonly string[] {
    const typed = this.#typed;
    const isAsking = typed.some((word) => word === '--help' || word === '--version');
    if (isAsking || this.command === undefined) return typed;
    const configuration = new Configuration(this.tables);
    if (configuration.isEmpty) return typed;
    const table = this.#table()!;
    const { words, used } = withConfigured(typed, table, configuration.of(table));
    this.#used = used;
    return words;
  }

  /** What the parser's complaint means, in terms of what was typed. */
  explained(complaint: string): string {
    if (!complaint.startsWith(UNKNOWN)) return complaint;
    const actions = (this.command?.actions ?? []).flatMap(namesOf);
    const hasAction = this.#typed.slice(1).some((word) => actions.includes(word));
    const names = complaint.slice(UNKNOWN.length).split(', ');
    return mistyped(names, this.#typed, this.#table(), hasAction ? [] : actions);
  }

  /** What to say where the first word should be a command and is none. */
  unknownCommand(): string | undefined {
    const [word] = this.#typed;
    if (word === undefined || word.startsWith('-') || this.command !== undefined) return undefined;
    return `unknown command: ${word}${didYouMean(word, this.tables.names())}`;
  }

  /** Where the options that an error is about come from, if not from the words that were typed. */
  origins(message: string): string {
    const about = [...this.#used].filter(([name]) => new RegExp(`--${name}(?![\\w-])`).test(message));
    return about.map(([name, { place }]) => `; --${name} comes from ${place}`).join('');
  }

  #table(): CommandTable | undefined {
    return this.tables.of(this.#typed);
  }
}
