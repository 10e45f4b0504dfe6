/** One difference as a line for people: "+ path", "- path", "~ path: mode 644 -> 755". */
import type { Difference } from '../compare/difference.js';
import { inColour } from './colours.js';
import { quoteName } from './quote.js';

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;
/** Green, red, yellow. */
const COLOURS = { added: '32', removed: '31', changed: '33' } as const;
/** Characters of a value that is shown whole. */
const VALUE_LIMIT = 60;

export function differenceText({ path, change, type, fields }: Difference, isColoured = false): string {
  const marked = `${SIGNS[change]} ${quoteName(path)}`;
  const shown = isColoured ? inColour(marked, COLOURS[change]) : marked;
  if (fields === undefined) return `${shown} (${type})`;
  const changes = Object.entries(fields).map(([name, field]) =>
    'first_difference' in field
      ? `content differs from byte ${field.first_difference} on`
      : `${name} ${valueText(field[0])} -> ${valueText(field[1])}`,
  );
  return `${shown}: ${changes.join(', ')}`;
}

function valueText(value: string | number | null): string {
  if (value === null) return '(none)';
  const text = String(value);
  return text.length <= VALUE_LIMIT ? text || '(empty)' : `${text.slice(0, VALUE_LIMIT)}...`;
}
