/** Changes of a JSON document that leave it one, most of the time: values, names, and bytes. */
import type { Random } from '../../test/support/random.js';
import type { Edit } from '../input.js';

/** a string, a number, true, false, null, or an empty list or object */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/g;
/** of a string: what stands between its quotes */
const STRANGE_TEXTS = [
  '',
  '__proto__',
  'constructor',
  '\\u0000',
  '\\ud800',
  '../..',
  'sha256:',
  '%00',
  'é',
  '9'.repeat(400),
];
/** Lists in lists, more than the stack has room for where they are gone through by recursion. */
const DEPTH = 8000;
const STRANGE_VALUES = [
  'null',
  'true',
  '[]',
  '{}',
  '[null]',
  '{"__proto__":{"a":1}}',
  '-1',
  '0',
  '1e400',
  '9007199254740993',
  '0.5',
  '""',
  '"\\u0000"',
  '{"toString":1}',
  '['.repeat(DEPTH) + ']'.repeat(DEPTH),
];

interface Token {
  readonly at: number;
  readonly text: string;
}

const encode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'));

export class JsonEditor {
  readonly #tokens: readonly Token[];
  readonly #length: number;

  /** `text` is ASCII, so that its characters are bytes. */
  constructor(text: string) {
    this.#tokens = [...text.matchAll(TOKEN)].map((found) => ({ at: found.index, text: found[0] }));
    this.#length = text.length;
  }

  edit(random: Random): Edit {
    const { at, text } = this.#tokens[random.below(this.#tokens.length)]!;
    const choice = random.below(16);
    if (choice === 0) return this.#bytes(random);
    if (choice < 6) return replaced(at, text, pick(STRANGE_VALUES, random));
    // what stands elsewhere in the document: names where values are, values of other names
    if (choice < 11) return replaced(at, text, this.#tokens[random.below(this.#tokens.length)]!.text);
    if (!text.startsWith('"')) return replaced(at, text, String(random.below(2 ** random.below(32))));
    if (choice < 13) return replaced(at, text, `"${pick(STRANGE_TEXTS, random)}"`);
    return replaced(at, text, `"${changed(text.slice(1, -1), random)}"`);
  }

  #bytes(random: Random): Edit {
    const at = random.below(this.#length);
    return { at, remove: Math.min(random.below(3), this.#length - at), bytes: random.bytes(random.below(3)) };
  }
}

/** A character more, less, or another one. */
function changed(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const added = random.below(3) === 0 ? '' : String.fromCharCode(32 + random.below(95)).replace(/["\\]/, '/');
  return text.slice(0, at) + added + text.slice(at + random.below(2));
}

const pick = (texts: readonly string[], random: Random): string => texts[random.below(texts.length)]!;

const replaced = (at: number, before: string, after: string): Edit => ({
  at,
  remove: before.length,
  bytes: encode(after),
});
