/** What a structure on disk looks like to who damages it, and where one lies. */

export interface Field {
  readonly at: number;
  /** bytes, 8 at most, the least significant first */
  readonly size: number;
}

export interface Structure {
  readonly name: string;
  readonly size: number;
  readonly fields: readonly Field[];
}

export interface Place {
  readonly structure: Structure;
  /** byte of the input */
  readonly offset: number;
  /** the inode that it belongs to; undefined: none, or all */
  readonly nid?: number | undefined;
}

/** `fields` as [at, size]. */
export function structure(
  name: string,
  size: number,
  fields: readonly (readonly [number, number])[],
): Structure {
  return { name, size, fields: fields.map(([at, size]) => ({ at, size })) };
}

/** Of bytes that have no fields, in words of `size` bytes. */
export function words(name: string, length: number, size: number): Structure {
  const count = Math.max(1, Math.floor(length / size));
  return structure(
    name,
    count * size,
    Array.from({ length: count }, (_, i) => [i * size, size] as const),
  );
}
