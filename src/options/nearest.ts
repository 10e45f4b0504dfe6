/** What somebody who mistyped a name may have meant. The only importer of fastest-levenshtein. */
import { distance } from 'fastest-levenshtein';

/** The known name with the fewest edits from `name`, the first of several; undefined where none is like it. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let found: string | undefined;
  let fewest = name.length / 2;
  for (const candidate of known) {
    const edits = distance(name, candidate);
    if (edits < fewest) {
      fewest = edits;
      found = candidate;
    }
  }
  return found;
}

/** "; did you mean --offline?", or nothing. `spell` writes a name as the user would. */
export function didYouMean(
  name: string,
  known: Iterable<string>,
  spell: (name: string) => string = (name) => name,
): string {
  const meant = nearest(name, known);
  return meant === undefined ? '' : `; did you mean ${spell(meant)}?`;
}
