/** Text in the words of man(7): escaped, filled, and in its fonts. */

/** Longer lines of a source are frowned on by mandoc -Tlint. */
const WIDTH = 79;

/** Every hyphen as the one that is typed, so that what is copied from a page runs. */
export const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll('`', '\\(ga');

export const bold = (text: string): string => `\\fB${escaped(text)}\\fP`;
export const italic = (text: string): string => `\\fI${escaped(text)}\\fP`;

/** One line of source a sentence, or several where it is long. `text` is escaped. */
export const filled = (text: string): string =>
  text
    .split(/(?<=[.!?]\)?) (?=[A-Z\\$])/)
    .flatMap(wrapped)
    .map((line) => line.replace(/^(?=[.'])/, '\\&'))
    .join('\n');

function wrapped(sentence: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of sentence.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Lines that stay as they are. `lines` are not escaped. */
export const displayed = (lines: readonly string[]): string =>
  ['.PP', '.EX', ...lines.map((line) => escaped(line).replace(/^(?=[.'])/, '\\&')), '.EE'].join('\n');

/** An entry of a list: what it is about, and what is said of it, in roff. */
export const entry = (head: string, body: string): string => `.TP\n${head}\n${body}`;
