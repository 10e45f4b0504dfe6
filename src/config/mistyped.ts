/** What is said of words that a command does not know. */
import { didYouMean } from '../options/nearest.js';
import type { CommandTable } from './command-table.js';

/**
 * `names` are those that the parser found unknown: options without their hyphens, as typed and in camel case, and words.
 * `actions` are what the command would take as its first word.
 */
export function mistyped(
  names: readonly string[],
  words: readonly string[],
  table: CommandTable | undefined,
  actions: readonly string[],
): string {
  const options = [...(table?.options.values() ?? [])].flatMap(({ name, aliases }) => [name, ...aliases]);
  const complaints = names.flatMap((name) => {
    const typed = words
      .map((word) => word.split('=')[0]!)
      .find((word) => /^-/.test(word) && isOf(word, name));
    if (typed !== undefined) {
      return `unknown option ${typed}${didYouMean(name, options.filter(isLong), (known) => `--${known}`)}`;
    }
    // an option's second spelling
    if (!words.includes(name)) return [];
    return actions.length > 0
      ? `unknown action: ${name}${didYouMean(name, actions)}`
      : `unexpected argument: ${name}`;
  });
  return complaints.length > 0 ? complaints.join('; ') : `unknown: ${names.join(', ')}`;
}

const isLong = (name: string): boolean => name.length > 1;

/** Short options may stand together behind one hyphen. */
function isOf(word: string, name: string): boolean {
  if (name.length === 1) return /^-[^-]/.test(word) && word.includes(name);
  return word.replace(/^--?(no-)?/, '') === name || word.replace(/^--?/, '') === name;
}
