/**
 * What one execution runs on: a base and what is changed in it; and both as one line of text:
 *
 *     TARGET BASE AT+REMOVED=HEX ...
 */
import { FuzzError } from './errors.js';

/** `bytes` in the place of `remove` bytes from byte `at` of the base on. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly bytes: Uint8Array;
}

export interface Input {
  readonly target: string;
  readonly base: string;
  /** a later one may change what an earlier one wrote, unless one of them changes the length */
  readonly edits: readonly Edit[];
}

export function printInput({ target, base, edits }: Input): string {
  let text = `${target} ${base}`;
  for (const { at, remove, bytes } of edits) {
    text += ` ${at}+${remove}=${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
  }
  return text;
}

/** Throws FuzzError 'usage'. */
export function parseInput(text: string): Input {
  const [target, base, ...words] = text.trim().split(/\s+/);
  if (target === undefined || base === undefined || target === '') {
    throw new FuzzError('usage', `input ${JSON.stringify(text)}: expected TARGET BASE AT+REMOVED=HEX ...`);
  }
  return { target, base, edits: words.map(parseEdit) };
}

function parseEdit(word: string): Edit {
  const [, at, remove, hex = ''] = /^(\d+)\+(\d+)=((?:[0-9a-f]{2})*)$/.exec(word) ?? [];
  if (at === undefined || remove === undefined) {
    throw new FuzzError('usage', `edit ${JSON.stringify(word)}: expected AT+REMOVED=HEX`);
  }
  return { at: Number(at), remove: Number(remove), bytes: new Uint8Array(Buffer.from(hex, 'hex')) };
}
