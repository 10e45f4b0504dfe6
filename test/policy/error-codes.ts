/** The stable codes of all errors and notices, read from the sources as text: class declarations, and literals that are thrown. */
import { SEVERITIES } from '../../src/check/finding.js';
import { sourceFiles, withoutComments } from './source-files.js';

/** Codes that never leave the program. */
const INTERNAL = new Set(['absent']);

const literals = (text: string): string[] =>
  [...text.matchAll(/'([a-z][a-z-]+)'/g)].map((found) => found[1]!);

/** Every code of an error class, of what is thrown or reported without one, and of the findings of `erofs verify`. */
export function errorCodes(): Map<string, string> {
  const files = sourceFiles('src').map(({ path, text }) => ({ path, text: withoutComments(text) }));
  const all = files.map(({ text }) => text).join('\n');
  const codes = new Map<string, string>();
  const add = (found: readonly string[], where: string): void => {
    for (const code of found) if (!INTERNAL.has(code)) codes.set(code, where);
  };
  for (const { path, text } of files) {
    for (const [, name, body] of text.matchAll(/class (\w+) extends \w*Error \{([\s\S]*?)^\}/gm)) {
      const [, type = '', value = ''] = /readonly code(?:: ([^=;]+))?(?: = ([^;]+))?;/.exec(body!) ?? [];
      const named = /^\w+$/.test(type) ? new RegExp(`type ${type} =([^;]+);`).exec(all)?.[1] : undefined;
      add(literals(named ?? `${type} ${value}`), `${name} in ${path}`);
      add(
        [...body!.matchAll(/this\.code = [^;]+;/g)].flatMap(([line]) => literals(line)),
        `${name} in ${path}`,
      );
      // any other class takes its codes from its type, and its first parameter may be something else
      if (type !== 'string') continue;
      const made = all.matchAll(new RegExp(`new ${name}\\(\\s*'([a-z][a-z-]+)',`, 'g'));
      add(
        [...made].map((found) => found[1]!),
        `${name} in ${path}`,
      );
    }
    const thrown = [...text.matchAll(/(?<!readonly )\bcode: ('[a-z][a-z-]+')/g)];
    add(
      thrown.flatMap((found) => literals(found[1]!)),
      path,
    );
  }
  add(Object.keys(SEVERITIES), 'what erofs verify finds');
  return codes;
}
