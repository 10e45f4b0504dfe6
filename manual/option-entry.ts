/** An option as an entry of a page: how it is written, what it says of itself, and what is said beside it. */
import { OPEN_OPTIONS } from '../src/open-options.js';
import type { DeclaredOption } from './declaration.js';
import { bold, entry, escaped, filled, italic } from './roff.js';

/** "FILE: where it is", "[DIGEST=]FILE: an index", "auto|node|noble: who hashes". */
const VALUE = /^((?:[A-Z[][A-Z0-9/=[\]]*)|\w+(?:\|\w+)+): /;

/** `words` are what stands for something on the page, as IMAGE; `note` is in roff. */
export const optionEntry = (option: DeclaredOption, words: readonly string[], note?: string): string =>
  entry(optionHead(option), [filled(optionText(option, words)), note ?? []].flat().join('\n'));

/** In roff: `-f, --foreground`, `--log-file FILE`. */
export function optionHead(option: DeclaredOption): string {
  const names = [option.name, ...option.aliases].sort((a, b) => Number(a.length > 1) - Number(b.length > 1));
  const value = optionValue(option);
  return `${names.map((name) => bold(spelled(name))).join(', ')}${value === '' ? '' : ` ${value}`}`;
}

/** As the synopsis has it: the letter alone where there is one. In roff. */
export function optionBrief(option: DeclaredOption): string {
  const letter = [option.name, ...option.aliases].find((name) => name.length === 1);
  const value = optionValue(option);
  return `${bold(spelled(letter ?? option.name))}${value === '' ? '' : ` ${value}`}`;
}

export const spelled = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);

/** What capitals stand for is written small and in italics, all else as it is typed. */
export const placeholders = (text: string): string =>
  text
    .split(/([A-Z]+)/)
    .map((piece, i) => (i % 2 === 1 ? italic(piece.toLowerCase()) : escaped(piece)))
    .join('');

function optionValue({ type, choices, describe }: DeclaredOption): string {
  if (type === 'boolean') return '';
  if (choices.length > 0) return bold(choices.join('|'));
  const value = VALUE.exec(describe)?.[1];
  if (value === undefined) return italic(type === 'number' ? 'number' : 'value');
  return value.includes('|') ? bold(value) : placeholders(value);
}

function optionText(option: DeclaredOption, words: readonly string[]): string {
  const { name, type, describe, default: otherwise } = option;
  const value = type === 'boolean' ? undefined : VALUE.exec(describe)?.[1];
  const text = value === undefined ? describe : describe.slice(value.length + 2);
  const sentences = [sentence(text)];
  if (OPEN_OPTIONS.get(name)?.repeats === true && !/repeat/.test(text)) sentences.push('May be repeated.');
  const isTold = type === 'boolean' || otherwise === undefined || otherwise === '';
  if (!isTold && !describe.includes('(default: ')) sentences.push(`The default is ${otherwise}.`);
  return named(escaped(sentences.join(' ')), [...words, ...(value?.match(/[A-Z]+/g) ?? [])]);
}

/** With a capital where it begins with a word, and a full stop. */
export const sentence = (text: string): string =>
  `${/^(?:a|[a-z][a-z']+)[ ,]/.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text}${/[.!?]$/.test(text) ? '' : '.'}`;

/** What the page calls `names` elsewhere, in the same font here. `text` is escaped. */
export const named = (text: string, names: readonly string[]): string =>
  names.length === 0
    ? text
    : text.replace(new RegExp(`(?<![\\w$])(?:${names.join('|')})(?![\\w])`, 'g'), (name) =>
        italic(name.toLowerCase()),
      );
