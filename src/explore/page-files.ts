/** The page as the build bundled it: three files, read once, by the paths that they are asked for with. */
import { readFileSync } from 'node:fs';

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** By path below the token; "" is the page itself. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const FILES = [
  ['', 'explore.html', 'text/html; charset=utf-8'],
  ['explore.js', 'explore.js', 'text/javascript; charset=utf-8'],
  ['explore.css', 'explore.css', 'text/css; charset=utf-8'],
] as const;

/** The package lacks what its build makes. */
export class PageMissingError extends Error {
  override readonly name = 'PageMissingError';
  readonly code = 'page-missing';
}

/** `urlOf` tells where a file is, by its name. Throws PageMissingError. */
export function readPageFiles(urlOf: (name: string) => URL): PageFiles {
  try {
    return new Map(FILES.map(([path, name, type]) => [path, { type, bytes: readFileSync(urlOf(name)) }]));
  } catch (cause) {
    const { path = '' } = cause as NodeJS.ErrnoException;
    throw new PageMissingError(`${path}: the page is missing; build it: npm run build`, { cause });
  }
}
