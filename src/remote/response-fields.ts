/** Header fields of an answer, their names in lower case. */
export type ResponseFields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** One value; where a server sends a field twice, the first. */
export function fieldOf(fields: ResponseFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' ? value : value?.[0];
}

/** All values, where a field may be sent several times. */
export function valuesOf(fields: ResponseFields, name: string): readonly string[] {
  const value = fields[name] ?? [];
  return typeof value === 'string' ? [value] : value;
}
