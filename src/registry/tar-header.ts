/** One header of a tar archive: POSIX ustar and pax (IEEE 1003.1, pax), and GNU's long names and large numbers. */

export const BLOCK = 512;

export interface TarHeader {
  readonly name: string;
  readonly linkName: string;
  /** one character: '0' a file, '1' a hard link, '2' a symbolic link, 'x' records for the next member, … */
  readonly type: string;
  /** bytes of the member's content */
  readonly size: number;
}

const FIELDS = {
  name: 0,
  mode: 100,
  size: 124,
  checksum: 148,
  type: 156,
  linkName: 157,
  magic: 257,
  prefix: 345,
};

/** Why a block is no header; undefined where it may be one. */
export function headerProblem(block: Uint8Array): string | undefined {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) {
    const isChecksum = at >= FIELDS.checksum && at < FIELDS.type;
    sum += isChecksum ? 0x20 : block[at]!;
  }
  const stated = numberAt(block, FIELDS.checksum, 8);
  if (stated !== sum) return `the checksum of a header is ${stated}, and ${sum} was expected`;
  const size = numberAt(block, FIELDS.size, 12);
  return Number.isSafeInteger(size) && size >= 0 ? undefined : `a member of ${size} bytes`;
}

export function readHeader(block: Uint8Array): TarHeader {
  const isUstar = textAt(block, FIELDS.magic, 5) === 'ustar';
  // GNU has times where ustar has the prefix
  const isGnu = block[FIELDS.magic + 5] === 0x20;
  const prefix = isUstar && !isGnu ? textAt(block, FIELDS.prefix, 155) : '';
  const name = textAt(block, FIELDS.name, 100);
  const type = String.fromCharCode(block[FIELDS.type]!);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: textAt(block, FIELDS.linkName, 100),
    type: type === '\0' || type === '7' ? '0' : type,
    size: numberAt(block, FIELDS.size, 12),
  };
}

/** Records "LENGTH KEY=VALUE\n", their length in bytes; undefined where they are none. */
export function readPaxRecords(bytes: Uint8Array): ReadonlyMap<string, string> | undefined {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(text(bytes.subarray(at, space)));
    const end = at + length;
    if (!Number.isSafeInteger(length) || end <= space || end > bytes.length || bytes[end - 1] !== 0x0a) {
      return undefined;
    }
    const record = text(bytes.subarray(space + 1, end - 1));
    const equals = record.indexOf('=');
    if (equals < 1) return undefined;
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}

/** Up to the first zero byte. */
export function textUpToZero(bytes: Uint8Array): string {
  const zero = bytes.indexOf(0);
  return text(zero < 0 ? bytes : bytes.subarray(0, zero));
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const textAt = (block: Uint8Array, at: number, length: number): string =>
  textUpToZero(block.subarray(at, at + length));

/** Octal digits, or GNU's binary numbers; NaN for what is neither. */
function numberAt(block: Uint8Array, at: number, length: number): number {
  if (block[at]! >= 0x80) {
    let value = block[at]! & 0x7f;
    for (let next = at + 1; next < at + length; next++) value = value * 256 + block[next]!;
    return value;
  }
  const digits = textAt(block, at, length).trim();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN;
}
