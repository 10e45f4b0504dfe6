/** Fields of the on-disk format under their on-disk names (Linux fs/erofs/erofs_fs.h), read where they lie. */

/** Bytes that a field has, little-endian where it is a number; `s64` has a sign. */
export type FieldKind = 'u8' | 'u16' | 'u32' | 'u64' | 's64' | 'uuid' | 'text' | 'bytes';

export interface FieldRule {
  /** from the beginning of the structure */
  readonly offset: number;
  readonly name: string;
  readonly kind: FieldKind;
  /** of 'text' and 'bytes' */
  readonly length?: number;
  /** what a number stands for; undefined: only itself */
  readonly meaning?: (value: number) => string | undefined;
}

/** The form of --json as well. */
export interface OnDiskField {
  readonly name: string;
  /** byte of the image, of the metabox's data, or of an extra device */
  readonly offset: number;
  /** bytes */
  readonly size: number;
  /** a number; as a string where it may exceed 2^53, and for text, UUIDs and bytes (hexadecimal) */
  readonly value: number | string;
  readonly meaning?: string;
}

export interface OnDiskStructure {
  /** on-disk name, such as "struct erofs_super_block" */
  readonly name: string;
  readonly place: 'image' | 'metabox';
  readonly offset: number;
  readonly fields: readonly OnDiskField[];
}

/** `view` begins with the structure, which lies at byte `base`; fields beyond the view are left out. */
export function readFields(view: DataView, base: number, rules: readonly FieldRule[]): OnDiskField[] {
  const fields: OnDiskField[] = [];
  for (const rule of rules) {
    const size = sizeOf(rule);
    if (rule.offset + size > view.byteLength) continue;
    const value = readValue(view, rule, size);
    const meaning = typeof value === 'number' ? rule.meaning?.(value) : undefined;
    fields.push({
      name: rule.name,
      offset: base + rule.offset,
      size,
      value,
      ...(meaning !== undefined && { meaning }),
    });
  }
  return fields;
}

const SIZES = { u8: 1, u16: 2, u32: 4, u64: 8, s64: 8, uuid: 16 } as const;

function sizeOf({ kind, length = 0 }: FieldRule): number {
  return kind === 'text' || kind === 'bytes' ? length : SIZES[kind];
}

function readValue(view: DataView, { kind, offset }: FieldRule, size: number): number | string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, size);
  switch (kind) {
    case 'u8':
      return view.getUint8(offset);
    case 'u16':
      return view.getUint16(offset, true);
    case 'u32':
      return view.getUint32(offset, true);
    case 'u64':
      return String(view.getBigUint64(offset, true));
    case 's64':
      return String(view.getBigInt64(offset, true));
    case 'uuid':
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    case 'text':
      return bytes.subarray(0, bytes.indexOf(0) < 0 ? size : bytes.indexOf(0)).toString('utf8');
    case 'bytes':
      return bytes.toString('hex');
  }
}
