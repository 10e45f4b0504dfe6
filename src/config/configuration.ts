/**
 * LAW: SAYS WHERE AN OPTION'S VALUE COMES FROM; the command line, else the variable EROFS_ and the option's long name in capitals
 * with _ for -, else the configuration file, else the command's default. What is configured becomes words of the command
 * line, so that a value is read, checked and refused in one place, however it was given. yargs' own env() and config() say
 * neither where a value comes from nor which name is unknown, and take EROFS_TOKEN for an option.
 */
import { didYouMean } from '../options/nearest.js';
import type { CommandOption, CommandTable, CommandTables } from './command-table.js';
import { ConfigError } from './config-error.js';
import {
  type ConfigFile,
  type ConfigSection,
  type ConfigValue,
  configPath,
  readConfigFile,
} from './config-file.js';

/** What the environment or the file says of one option. */
export interface Configured {
  readonly values: readonly string[];
  readonly origin: 'environment' | 'file';
  /** "$EROFS_CACHE_DIR", or file and key */
  readonly place: string;
}

const PREFIX = 'EROFS_';

/** A secret of its own, no option's value; where it is set, no configured file of the same is read. */
const TOKEN = 'EROFS_TOKEN';
const TOKEN_FILE = 'token-file';

const TRUE = ['1', 'true', 'yes', 'on'];
const FALSE = ['0', 'false', 'no', 'off'];

export const variableOf = (option: string): string => `${PREFIX}${option.toUpperCase().replaceAll('-', '_')}`;

export class Configuration {
  readonly #tables: CommandTables;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #file: ConfigFile | undefined;

  /** Throws ConfigError where the file is not fit, or a name in it means nothing. */
  constructor(tables: CommandTables, environment: NodeJS.ProcessEnv = process.env) {
    this.#tables = tables;
    this.#environment = environment;
    this.#file = readConfigFile(configPath(environment));
    if (this.#file !== undefined) this.#checkNames(this.#file);
  }

  /** Whether nothing is configured: then no command's options need be known. */
  get isEmpty(): boolean {
    return this.#file === undefined && this.#variables().length === 0;
  }

  /** What is configured for a command, by option. Throws ConfigError. */
  of(table: CommandTable): Map<string, Configured> {
    const found = new Map<string, Configured>();
    for (const option of table.options.values()) {
      const configured = this.#fromEnvironment(option) ?? this.#fromFile(table, option);
      if (configured !== undefined) found.set(option.name, configured);
    }
    return found;
  }

  /** Variables that look like an option's and are none, each with what may have been meant. */
  unknownVariables(): string[] {
    const known = new Set(this.#tables.all().flatMap(({ options }) => [...options.keys()].map(variableOf)));
    return this.#variables()
      .filter((name) => name !== TOKEN && !known.has(name))
      .map((name) => `${name} is no option's variable${didYouMean(name, known)}`);
  }

  /** An empty variable is none. */
  #variables(): string[] {
    return Object.keys(this.#environment).filter(
      (name) => name.startsWith(PREFIX) && this.#environment[name],
    );
  }

  #fromEnvironment(option: CommandOption): Configured | undefined {
    const name = variableOf(option.name);
    const text = this.#environment[name];
    if (!text || (option.name === TOKEN_FILE && this.#environment[TOKEN])) return undefined;
    const place = `$${name}`;
    if (option.type !== 'boolean') {
      const values = checked(
        text.split('\n').filter((line) => line !== ''),
        option,
        place,
      );
      return { values, origin: 'environment', place };
    }
    const word = text.toLowerCase();
    if (!TRUE.includes(word) && !FALSE.includes(word)) {
      throw new ConfigError(`${place} is ${text}; expected was true or false, 1 or 0`);
    }
    return { values: [String(TRUE.includes(word))], origin: 'environment', place };
  }

  #fromFile({ name: command }: CommandTable, option: CommandOption): Configured | undefined {
    if (this.#file === undefined || (option.name === TOKEN_FILE && this.#environment[TOKEN]))
      return undefined;
    let section: ConfigSection | undefined = this.#file;
    let found: Configured | undefined;
    const keys: string[] = [];
    for (const next of [...command.split(' '), undefined]) {
      const value: ConfigValue | undefined = section.values.get(option.name);
      if (value !== undefined) {
        const place = `${this.#file.path}: ${[...keys, option.name].join('.')}`;
        found = { values: textsOf(value, option, place), origin: 'file', place };
      }
      section = next === undefined ? undefined : section.sections.get(next);
      if (section === undefined) break;
      keys.push(next!);
    }
    return found;
  }

  #checkNames(file: ConfigFile): void {
    const { all, commands } = { all: () => this.#tables.all(), commands: this.#tables.commands };
    this.#checkSection(file, [], all);
    for (const [name, section] of file.sections) {
      const command = commands.find((known) => known === this.#tables.find(name));
      if (command === undefined) {
        throw new ConfigError(`${file.path}: ${name} is no command${didYouMean(name, this.#tables.names())}`);
      }
      const tables = this.#tables.under(command);
      this.#checkSection(section, [name], () => tables);
      for (const [action, below] of section.sections) {
        const table = tables.find((known) => known.name === `${name} ${action}`);
        if (table === undefined) {
          throw new ConfigError(`${file.path}: ${name}.${action} is no action of erofs ${name}`);
        }
        this.#checkSection(below, [name, action], () => [table]);
      }
    }
  }

  #checkSection({ values }: ConfigSection, keys: readonly string[], tables: () => CommandTable[]): void {
    if (values.size === 0) return;
    const known = new Set(tables().flatMap(({ options }) => [...options.keys()]));
    for (const name of values.keys()) {
      if (known.has(name)) continue;
      const whose = keys.length === 0 ? 'of any command' : `of erofs ${keys.join(' ')}`;
      throw new ConfigError(
        `${this.#file!.path}: ${[...keys, name].join('.')} is no option ${whose}${didYouMean(name, known)}`,
      );
    }
  }
}

/** The words of a command line with what is configured put in, where they do not say it themselves. */
export function withConfigured(
  words: readonly string[],
  table: CommandTable,
  configured: ReadonlyMap<string, Configured>,
): { readonly words: string[]; readonly used: ReadonlyMap<string, Configured> } {
  const given = table.given(words.slice(1));
  const used = new Map([...configured].filter(([name]) => !given.has(name)));
  const added = [...used].flatMap(([name, { values }]) => values.map((value) => `--${name}=${value}`));
  return { words: [...words.slice(0, 1), ...added, ...words.slice(1)], used };
}

function textsOf(value: ConfigValue, option: CommandOption, place: string): string[] {
  const isBoolean = typeof value === 'boolean';
  if (isBoolean === (option.type === 'boolean')) return checked([value].flat().map(String), option, place);
  const expected = isBoolean ? 'text or a number' : 'true or false';
  throw new ConfigError(`${place} is ${JSON.stringify(value)}; expected was ${expected}`);
}

function checked(values: string[], { choices, type }: CommandOption, place: string): string[] {
  for (const value of values) {
    if (choices.length > 0 && !choices.includes(value)) {
      throw new ConfigError(`${place} is ${value}; expected was one of ${choices.join(', ')}`);
    }
    if (type === 'number' && !Number.isFinite(Number(value))) {
      throw new ConfigError(`${place} is ${value}; expected was a number`);
    }
  }
  return values;
}
