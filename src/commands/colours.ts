/** Colours of file types on a terminal, as ls(1) has them. */
import { isDirectory, isRegular, isSymlink } from './mode-string.js';
import type { Output } from './output.js';

const DIRECTORY = '1;34';
const SYMLINK = '1;36';
const EXECUTABLE = '1;32';
const SPECIAL = '1;33';

/** Whether people see it and want colours: NO_COLOR, where it is set and not empty, says that they do not. */
export function mayColour(output: Output, { NO_COLOR = '' } = process.env): boolean {
  return output.isTerminal && NO_COLOR === '';
}

/** `text` in the colour of its file's type. */
export function coloured(text: string, mode: number): string {
  const colour = colourOf(mode);
  return colour === undefined ? text : `\x1b[${colour}m${text}\x1b[0m`;
}

function colourOf(mode: number): string | undefined {
  if (isDirectory(mode)) return DIRECTORY;
  if (isSymlink(mode)) return SYMLINK;
  if (!isRegular(mode)) return SPECIAL;
  return mode & 0o111 ? EXECUTABLE : undefined;
}
