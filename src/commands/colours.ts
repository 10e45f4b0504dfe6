/** Colours on a terminal: whether they are wanted, and those of file types, as ls(1) has them. */
import { isDirectory, isRegular, isSymlink } from './mode-string.js';
import type { Output } from './output.js';

const DIRECTORY = '1;34';
const SYMLINK = '1;36';
const EXECUTABLE = '1;32';
const SPECIAL = '1;33';

/** Values of FORCE_COLOR that ask for none, as Node.js and others have it. */
const NONE = ['0', 'false'];

/**
 * Whether there are to be colours: on a terminal that is no dumb one, unless NO_COLOR is set. FORCE_COLOR wins over all of that.
 * An empty variable is none.
 */
export function mayColour(
  output: Pick<Output, 'isTerminal'>,
  { NO_COLOR = '', FORCE_COLOR = '', TERM }: NodeJS.ProcessEnv = process.env,
): boolean {
  if (FORCE_COLOR !== '') return !NONE.includes(FORCE_COLOR);
  return output.isTerminal && TERM !== 'dumb' && NO_COLOR === '';
}

/** `colour` is the number, or numbers, of ECMA-48's SGR: "1;34". */
export const inColour = (text: string, colour: string): string => `\x1b[${colour}m${text}\x1b[0m`;

/** `text` in the colour of its file's type. */
export function coloured(text: string, mode: number): string {
  const colour = colourOf(mode);
  return colour === undefined ? text : inColour(text, colour);
}

function colourOf(mode: number): string | undefined {
  if (isDirectory(mode)) return DIRECTORY;
  if (isSymlink(mode)) return SYMLINK;
  if (!isRegular(mode)) return SPECIAL;
  return mode & 0o111 ? EXECUTABLE : undefined;
}
