/** `erofs config`: the value of each option, and where it comes from. */
import type { Command, CommandOption, CommandTable, CommandTables } from '../config/command-table.js';
import { ConfigError } from '../config/config-error.js';
import { Configuration, variableOf } from '../config/configuration.js';
import { didYouMean } from '../options/nearest.js';

interface ConfigArguments {
  readonly name: string[];
  readonly origin: boolean;
  readonly json: boolean;
}

/** One option of one command. */
interface Setting {
  readonly command: string;
  readonly option: string;
  /** null where it is not set and has no default that can be told */
  readonly value: string | null;
  readonly origin: 'environment' | 'file' | 'default';
  /** the variable, or file and key; of a default the variable that would set it */
  readonly place: string;
}

/** `tables` are those of all commands, this one among them. */
export function configCommand(tables: () => CommandTables): Command {
  return {
    command: 'config [name..]',
    describe: 'Show the value that each option has unless it is given, and where that comes from',
    builder: (parser) =>
      parser
        .positional('name', {
          type: 'string',
          array: true,
          default: [],
          describe: 'a command, as ls or cache gc; without it, all commands',
        })
        .option('origin', { type: 'boolean', default: false, describe: 'with where each value comes from' })
        .option('json', { type: 'boolean', default: false, describe: 'one JSON object an option and line' }),
    handler: (given) => showConfig(given as unknown as ConfigArguments, tables()),
  };
}

async function showConfig({ name, origin, json }: ConfigArguments, tables: CommandTables): Promise<void> {
  const { byteString, Output } = await import('./output.js');
  const configuration = new Configuration(tables);
  for (const problem of configuration.unknownVariables()) {
    process.stderr.write(`erofs config: ${problem}\n`);
  }
  const { shownReference } = await import('../open-source.js');
  const settings = chosen(name, tables).flatMap((table) => settingsOf(table, configuration, shownReference));
  const output = new Output(process.stdout);
  if (json) for (const setting of settings) await output.line(byteString(JSON.stringify(setting)));
  else for (const line of linesOf(settings, origin)) await output.line(byteString(line));
  await output.flush();
}

function chosen(words: readonly string[], tables: CommandTables): CommandTable[] {
  if (words.length === 0) return tables.all().filter(({ options }) => options.size > 0);
  const command = tables.find(words[0]);
  if (command === undefined) {
    throw new ConfigError(`${words[0]} is no command${didYouMean(words[0]!, tables.names())}`);
  }
  if (words.length === 1) return tables.under(command);
  const found = tables.under(command).filter((table) => table.name.split(' ')[1] === words[1]);
  if (found.length > 0 && words.length === 2) return found;
  throw new ConfigError(`${words.join(' ')} is no command; see what there is with erofs ${words[0]} --help`);
}

/** `shown` leaves out of a URL what only its user should see. */
function settingsOf(
  table: CommandTable,
  configuration: Configuration,
  shown: (reference: string) => string,
): Setting[] {
  const configured = configuration.of(table);
  return [...table.options.values()].map((option) => {
    const { values, origin, place } = configured.get(option.name) ?? defaultOf(option);
    const value = values.length === 0 ? null : values.map(shown).join(' ');
    return { command: table.name, option: option.name, value, origin, place };
  });
}

function defaultOf(option: CommandOption) {
  const values = option.default === undefined ? [] : [option.default];
  return { values, origin: 'default' as const, place: `$${variableOf(option.name)}` };
}

/** An option that is the same wherever it exists has one line; the others one a command. */
function linesOf(settings: readonly Setting[], withOrigin: boolean): string[] {
  const byOption = grouped(settings);
  const isOneCommand = new Set(settings.map(({ command }) => command)).size === 1;
  return [...byOption].flatMap(([option, all]) => {
    const lines = all.map(({ command, value, origin, place }) => ({
      command,
      text: ` = ${value ?? '(none)'}${withOrigin ? `\t${originText(origin, place)}` : ''}`,
    }));
    const isSame = lines.every(({ text }) => text === lines[0]!.text);
    if (isOneCommand || isSame) return [`${option}${lines[0]!.text}`];
    return lines.map(({ command, text }) => `${command}: ${option}${text}`);
  });
}

function originText(origin: Setting['origin'], place: string): string {
  return origin === 'default' ? 'default' : place;
}

function grouped(settings: readonly Setting[]): Map<string, Setting[]> {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    groups.set(setting.option, [...(groups.get(setting.option) ?? []), setting]);
  }
  return groups;
}
