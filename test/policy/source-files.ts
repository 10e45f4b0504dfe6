/** The project's own source files and what each imports, read as text: enough for rules, and no compiler needed. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { packageRoot } from '../support/paths.js';

export interface Import {
  /** as written: './layout.js', 'node:fs', '@noble/hashes/sha2.js' */
  readonly from: string;
  /** the file of the project that is meant, relative to the package root; undefined for packages */
  readonly file: string | undefined;
  /** `import type`: gone when the program runs */
  readonly isType: boolean;
}

export interface SourceFile {
  /** relative to the package root */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** Every TypeScript and JavaScript file below `folder`, without the fixtures. */
export const sourceFiles = (folder: string): SourceFile[] =>
  readdirSync(join(packageRoot, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(packageRoot.length + 1))
    .filter((path) => !path.includes(join('test', 'fixtures')))
    .sort()
    .map((path) => {
      const text = readFileSync(join(packageRoot, path), 'utf8');
      return { path, text, imports: importsOf(path, withoutComments(text)) };
    });

const statement = /^(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm;
const call = /\b(?:import|require|require\.resolve|createRequire\([^)]*\))\(\s*'([^']+)'/g;

function importsOf(path: string, text: string): Import[] {
  const make = (from: string, isType: boolean): Import => ({
    from,
    file: from.startsWith('.') ? normalize(join(dirname(path), from)).replace(/\.js$/, '.ts') : undefined,
    isType,
  });
  return [
    ...[...text.matchAll(statement)].map((found) => make((found[2] ?? found[3])!, found[1] !== undefined)),
    ...[...text.matchAll(call)].map((found) => make(found[1]!, false)),
  ];
}

export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');

/** 'node_modules' name of what is imported; undefined for the project's own files and for Node's modules. */
export function packageOf({ from }: Import): string | undefined {
  if (from.startsWith('.') || from.startsWith('node:')) return undefined;
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What a rule speaks of: 'src/tree/tree.ts' is of 'tree', 'src/open.ts' is of 'open.ts'. */
export const roomOf = (path: string): string => path.split('/')[1]!;
