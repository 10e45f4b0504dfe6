/**
 * Patterns of fnmatch(3), over bytes: "*", "?", "[a-z]", "[!a-z]" and "\" before a character that means itself. A "*" also matches
 * slashes and leading dots, as find(1) has it. A byte that is no UTF-8 is one character, and only "?", "*" and "[!…]" match it.
 */

export class Glob {
  readonly #pattern: RegExp;

  constructor(text: string, ignoreCase = false) {
    this.#pattern = new RegExp(`^${translate(text)}$`, ignoreCase ? 'isu' : 'su');
  }

  matches(bytes: Uint8Array): boolean {
    return this.#pattern.test(characters(bytes));
  }
}

/** Lone low surrogates, which no UTF-8 decodes to, stand for bytes that are none. */
const STRAY = 0xdc00;

function characters(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd')) return text;
  return strayCharacters(buffer);
}

/** Longest sequences of UTF-8 first, then single bytes. */
function strayCharacters(buffer: Buffer): string {
  let text = '';
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer, at);
    text +=
      length === 0 ? String.fromCharCode(STRAY + buffer[at]!) : buffer.toString('utf8', at, at + length);
    at += Math.max(1, length);
  }
  return text;
}

/** Bytes of the character at `at`; 0 where there is none. */
function sequenceLength(buffer: Buffer, at: number): number {
  const first = buffer[at]!;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const character = buffer.subarray(at, at + length);
  return Buffer.from(character.toString('utf8'), 'utf8').equals(character) ? length : 0;
}

function translate(text: string): string {
  let pattern = '';
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at)!);
    at += character.length;
    if (character === '*') {
      pattern += '.*';
    } else if (character === '?') {
      pattern += '.';
    } else if (character === '[') {
      const set = readSet(text, at);
      pattern += set?.pattern ?? '\\[';
      at = set?.end ?? at;
    } else if (character === '\\' && at < text.length) {
      const quoted = String.fromCodePoint(text.codePointAt(at)!);
      pattern += literal(quoted);
      at += quoted.length;
    } else {
      pattern += literal(character);
    }
  }
  return pattern;
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: '\\p{L}\\p{N}',
  alpha: '\\p{L}',
  blank: ' \\t',
  cntrl: '\\p{Cc}',
  digit: '0-9',
  graph: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}',
  lower: '\\p{Ll}',
  print: '\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ',
  punct: '\\p{P}\\p{S}',
  space: '\\s',
  upper: '\\p{Lu}',
  xdigit: '0-9A-Fa-f',
};

/** A set whose "[" stands before `start`; undefined where nothing closes it: the "[" means itself then. */
function readSet(text: string, start: number): { pattern: string; end: number } | undefined {
  let at = start;
  const isNegated = text[at] === '!' || text[at] === '^';
  if (isNegated) at++;
  const first = at;
  let members = '';
  for (; at < text.length; ) {
    if (text[at] === ']' && at > first) {
      return { pattern: setPattern(members, isNegated), end: at + 1 };
    }
    const named = /^\[:([a-z]+):\]/.exec(text.slice(at));
    if (named !== null && named[1]! in CLASSES) {
      members += CLASSES[named[1]!];
      at += named[0].length;
      continue;
    }
    const from = memberAt(text, at);
    at = from.end;
    if (text[at] === '-' && at + 1 < text.length && text[at + 1] !== ']') {
      const to = memberAt(text, at + 1);
      at = to.end;
      if (from.character <= to.character) members += `${literal(from.character)}-${literal(to.character)}`;
    } else {
      members += literal(from.character);
    }
  }
  return undefined;
}

/** A set without members, as "[b-a]", matches nothing. */
function setPattern(members: string, isNegated: boolean): string {
  if (members === '') return isNegated ? '.' : '(?!)';
  return isNegated ? `[^${members}]` : `[${members}]`;
}

function memberAt(text: string, at: number): { character: string; end: number } {
  const start = text[at] === '\\' && at + 1 < text.length ? at + 1 : at;
  const character = String.fromCodePoint(text.codePointAt(start)!);
  return { character, end: start + character.length };
}

function literal(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
