/** The sections that pages are made of. */
import type { Declaration, DeclaredOption } from './declaration.js';
import { named, optionBrief, optionEntry, placeholders, sentence } from './option-entry.js';
import { type Prose, ProseError } from './prose.js';
import { bold, displayed, entry, escaped, filled } from './roff.js';

/** In roff, with its heading; "" where there is nothing in it. */
export const section = (title: string, ...parts: readonly string[]): string => {
  const body = parts
    .filter((part) => part !== '')
    .join('\n')
    .replace(/^\.PP\n/, '');
  // a heading begins a paragraph by itself
  return body === '' ? '' : `.SH ${title.includes(' ') ? `"${title}"` : title}\n${body}`;
};

/** The words that stand for something on this page: IMAGE, PATH. */
export const wordsOf = ({ usage }: Declaration): readonly string[] => usage.match(/[A-Z]+/g) ?? [];

/** The options with what is said of each beside. */
export const optionList = (
  options: readonly DeclaredOption[],
  notes: ReadonlyMap<string, string>,
  words: readonly string[],
): string => options.map((option) => optionEntry(option, words, notes.get(option.name))).join('\n');

export function synopsis(
  declared: Declaration,
  own: readonly DeclaredOption[],
  rest: readonly string[],
): string {
  const words = [
    ...own.map((option) => `[${optionBrief(option)}]`),
    ...rest.map((what) => `[\\fI${escaped(what)}\\fP]`),
    ...(declared.usage === '' ? [] : [placeholders(declared.usage)]),
  ].map((word) => word.replaceAll(' ', '\\ '));
  const actions = declared.actions.map(({ name }) => name.split(' ')[1]).join('|');
  // an option is not to be broken
  return ['.nh', bold(`erofs ${declared.name} ${actions}`.trim()), ...words, '.hy'].join('\n');
}

export const argumentList = (declared: Declaration): string =>
  declared.arguments
    .filter(({ describe }) => describe !== '')
    .map(({ name, describe, choices }) => {
      const known = choices.length === 0 ? '' : ` One of ${choices.join(', ')}.`;
      const text = named(escaped(`${sentence(describe)}${known}`), wordsOf(declared));
      return entry(placeholders(name.toUpperCase()), filled(text));
    })
    .join('\n');

export const exampleList = (declared: Declaration): string =>
  declared.examples
    .map(({ line, description }) => {
      const said =
        description === '' ? [] : ['.PP', filled(`${escaped(sentence(description)).replace(/\.$/, '')}:`)];
      return [...said, displayed([line])].join('\n');
    })
    .join('\n');

/** Throws ProseError where the prose speaks of an option that the command does not have, or that stands elsewhere. */
export function checkNotes(
  prose: Prose,
  listed: ReadonlyMap<string, readonly DeclaredOption[]>,
  page: string,
): void {
  for (const [title, { notes }] of prose) {
    const names = new Set(listed.get(title)?.map(({ name }) => name));
    for (const name of notes.keys()) {
      if (names.has(name)) continue;
      throw new ProseError(`manual/prose/${page}.roff: ${title} has no option ${name}; take it out`);
    }
  }
}
