/**
 * What of a page is written by hand, manual/prose/NAME.roff: sections in man(7), each behind `.SH TITLE`. Behind `.OPTION NAME`
 * stands what a section has to say of an option beyond what the option says of itself.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProseSection {
  /** in roff; "" where nothing is said */
  readonly text: string;
  /** by long name */
  readonly notes: ReadonlyMap<string, string>;
}

/** By title, in the order in which they were written. */
export type Prose = ReadonlyMap<string, ProseSection>;

const NOTHING: ProseSection = { text: '', notes: new Map() };

export const sectionOf = (prose: Prose, title: string): ProseSection => prose.get(title) ?? NOTHING;

/** Nothing where there is no such file. Throws the system's error, and ProseError where the file has no sections. */
export function readProse(folder: string, name: string): Prose {
  const path = join(folder, `${name}.roff`);
  return existsSync(path) ? parseProse(readFileSync(path, 'utf8'), path) : new Map();
}

export class ProseError extends Error {
  override readonly name = 'ProseError';
  readonly code = 'bad-prose';
}

/** `path` is named where something is wrong. Throws ProseError. */
export function parseProse(text: string, path: string): Prose {
  const [before, ...sections] = text.split(/^\.SH /m);
  if (before !== '') throw new ProseError(`${path}: text before the first section; begin with .SH TITLE`);
  return new Map(sections.map(parseSection));
}

function parseSection(section: string): [title: string, ProseSection] {
  const [text, ...notes] = section.split(/^\.OPTION /m);
  const [title, body] = headed(text!);
  return [title, { text: body, notes: new Map(notes.map(headed)) }];
}

/** The first line, and all others. */
function headed(text: string): [head: string, body: string] {
  const end = text.indexOf('\n');
  return [text.slice(0, end), text.slice(end + 1).trimEnd()];
}
