/** One difference as a line for people: "+ path", "- path", "~ path: mode 644 -> 755". */
import type { Difference } from '../compare/difference.js';
import { quoteName } from './quote.js';

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;
/** Characters of a value that is shown whole. */
const VALUE_LIMIT = 60;

export function differenceText({ path, change, type, fields }: Difference): string {
  const shown = `${SIGNS[change]} ${quoteName(path)}`;
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
