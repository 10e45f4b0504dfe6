/** A command line up to the cursor, as a shell has it, in words without quotes. Nothing is expanded but "~/". */
import { homedir } from 'node:os';

/** At least one word; the last one is being typed, and may be empty. */
export function wordsOfLine(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (character === '\\' && quote !== "'" && at + 1 < line.length) word += line[++at];
    else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (quote !== '' || !/\s/.test(character)) word += character;
    else if (word !== '') {
      words.push(word);
      word = '';
    }
  }
  return [...words, word];
}

export const fromHome = (path: string): string => path.replace(/^~(?=\/)/, () => homedir());
