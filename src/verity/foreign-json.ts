/** Foreign JSON in a message: short and printable. */

const LONGEST = 100;

/** Never throws: lists may be nested more deeply than the stack of who prints them. */
export function foreignJson(value: unknown): string {
  try {
    return (JSON.stringify(value) ?? 'none').slice(0, LONGEST);
  } catch {
    return 'too deeply nested to be shown';
  }
}
