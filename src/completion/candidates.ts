/**
 * LAW: TELLS WHAT A WORD MAY BECOME, NEVER FAILS AND NEVER ASKS A NETWORK. Pure but for the paths in an image, which `pathsIn`
 * gives. yargs' own completion knows no fish, no values of options and no files.
 */
import type { CommandOption, CommandTable, CommandTables } from '../config/command-table.js';
import { namesOf } from '../config/command-table.js';

/** Which words may stand there, or that the shell is to complete a path of the system. */
export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** as words; those that end in "/" go on */
  | { readonly kind: 'paths'; readonly words: readonly string[] }
  | { readonly kind: 'files' | 'directories' };

/** What begins with `typed` in the image that the command's words name. */
export type PathsIn = (table: CommandTable, words: readonly string[], typed: string) => Promise<string[]>;

const NOTHING: Candidates = { kind: 'words', words: [] };
const FILES: Candidates = { kind: 'files' };

/** Arguments that are files or directories of the system, and those that are paths in the image before them. */
const SYSTEM_FILES = new Set(['image', 'reference', 'file', 'other']);
const SYSTEM_DIRECTORIES = new Set(['dir', 'directory']);
const IMAGE_PATHS = new Set(['path', 'start', 'of']);

/** `typed` are the words behind the program's name; the last one is being typed. */
export async function candidates(
  tables: CommandTables,
  typed: readonly string[],
  pathsIn: PathsIn,
): Promise<Candidates> {
  const current = typed.at(-1) ?? '';
  const before = typed.slice(0, -1);
  if (before.length === 0) return beginningWith(current, tables.names());
  const command = tables.find(before[0]);
  const table = tables.of(before);
  if (command === undefined || table === undefined) return NOTHING;
  const actions = (command.actions ?? []).flatMap(namesOf);
  if (actions.length > 0 && !before.slice(1).some((word) => actions.includes(word))) {
    if (!current.startsWith('-')) return beginningWith(current, actions);
  }
  const isEnded = before.includes('--');
  const waiting = isEnded ? undefined : optionWithoutValue(before.at(-1)!, table);
  if (waiting !== undefined) return valuesOf(waiting, current, '');
  if (current.startsWith('-') && !isEnded) return optionsOrValue(current, table);
  return argument(table, before, actions, current, tables, pathsIn);
}

function beginningWith(current: string, words: readonly string[]): Candidates {
  return { kind: 'words', words: words.filter((word) => word.startsWith(current)) };
}

/** The option that `word` is, where its value is the next word. */
function optionWithoutValue(word: string, { options }: CommandTable): CommandOption | undefined {
  if (!/^-/.test(word) || word.includes('=')) return undefined;
  const name = word.replace(/^--?/, '');
  const option = [...options.values()].find((known) => known.name === name || known.aliases.includes(name));
  return option?.type === 'boolean' ? undefined : option;
}

function optionsOrValue(current: string, { options }: CommandTable): Candidates {
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
  if (name !== undefined) {
    const option = options.get(name);
    return option === undefined ? NOTHING : valuesOf(option, value!, `--${name}=`);
  }
  return beginningWith(
    current,
    [...options.keys(), 'help'].map((known) => `--${known}`),
  );
}

function valuesOf({ choices, describe, type }: CommandOption, value: string, prefix: string): Candidates {
  if (type === 'boolean') return words(['true', 'false'], value, prefix);
  if (choices.length > 0) return words(choices, value, prefix);
  if (/^DIR\b/.test(describe)) return { kind: 'directories' };
  return /^(\[DIGEST=\])?FILE\b|FILE:|^UPPER\b/.test(describe) ? FILES : NOTHING;
}

const words = (known: readonly string[], value: string, prefix: string): Candidates => ({
  kind: 'words',
  words: known.filter((word) => word.startsWith(value)).map((word) => prefix + word),
});

async function argument(
  table: CommandTable,
  before: readonly string[],
  actions: readonly string[],
  current: string,
  tables: CommandTables,
  pathsIn: PathsIn,
): Promise<Candidates> {
  const isAction = (word: string | number) => actions.includes(String(word));
  const place = table.said(before.slice(1))._.filter((word) => !isAction(word)).length;
  const last = table.positionals.length - 1;
  const name = table.positionals[table.takesMore ? Math.min(place, last) : place];
  if (name === undefined) return NOTHING;
  if (IMAGE_PATHS.has(name)) return { kind: 'paths', words: await pathsIn(table, before, current) };
  if (name === 'name') return beginningWith(current, tables.names());
  const choices = table.choicesOf(name);
  if (choices.length > 0) return beginningWith(current, choices);
  // before the directory of a mount, more images may stand
  if (SYSTEM_FILES.has(name) || (name === 'dir' && table.takesMore)) return FILES;
  return SYSTEM_DIRECTORIES.has(name) ? { kind: 'directories' } : NOTHING;
}
