/**
 * The head of one member of a tar archive: what POSIX calls pax, which holds every name, owner, time and attribute that Linux has.
 * The only importer of tar.
 */
import { Header } from 'tar/header';
import type { Xattr } from '../commands/content.js';
import { escapeBytes } from '../commands/escape.js';
import type { Attr } from '../tree/tree.js';

export type MemberType =
  | 'File'
  | 'Link'
  | 'SymbolicLink'
  | 'CharacterDevice'
  | 'BlockDevice'
  | 'Directory'
  | 'FIFO';

export interface TarMember {
  readonly type: MemberType;
  /** relative, without a slash at its end */
  readonly path: Uint8Array;
  readonly attr: Attr;
  /** bytes of content that follow */
  readonly size: number;
  /** of symbolic links; of hard links, the path of the member that has the content */
  readonly target?: Uint8Array | undefined;
  readonly xattrs: readonly Xattr[];
}

export const BLOCK_SIZE = 512;

/** What the fields of the old header hold, which ends each text with a NUL. */
const TEXT_LIMIT = 99;
const ID_LIMIT = 0o7777777;
const NUMBER_LIMIT = 0o77777777777;

/** One header, or three blocks and more where it does not hold all that there is to say. */
export function memberHead(member: TarMember): Uint8Array {
  const { type, attr, size, target } = member;
  const path = type === 'Directory' ? Buffer.concat([member.path, SLASH]) : member.path;
  const records = recordsOf(member, path);
  const header = {
    type,
    path: inHeader(path),
    mode: attr.mode & 0o7777,
    uid: Math.min(attr.uid, ID_LIMIT),
    gid: Math.min(attr.gid, ID_LIMIT),
    size,
    mtime: new Date(Math.max(0, Math.min(attr.mtimeSeconds, NUMBER_LIMIT)) * 1000),
    ...(target !== undefined && { linkpath: inHeader(target) }),
    devmaj: attr.major,
    devmin: attr.minor,
  };
  const own = encode(header);
  if (records.length === 0) return own;
  const body = Buffer.concat(records);
  const before = encode({
    ...header,
    type: 'ExtendedHeader',
    path: 'PaxHeader',
    linkpath: '',
    size: body.length,
  });
  return Buffer.concat([before, body, padding(body.length), own]);
}

/** NULs up to the end of a block. */
export function padding(length: number): Uint8Array {
  return new Uint8Array((BLOCK_SIZE - (length % BLOCK_SIZE)) % BLOCK_SIZE);
}

function encode(header: ConstructorParameters<typeof Header>[0]): Uint8Array {
  const encoded = new Header(header);
  encoded.encode();
  return encoded.block!;
}

const SLASH = Uint8Array.of(0x2f);
const NEWLINE = Uint8Array.of(0x0a);

function recordsOf({ attr, size, target, xattrs }: TarMember, path: Uint8Array): Uint8Array[] {
  const { uid, gid, mtimeSeconds, mtimeNanoseconds } = attr;
  const records: Uint8Array[] = [];
  const texts: [string, Uint8Array][] = [];
  if (!fits(path)) texts.push(['path', path]);
  if (target !== undefined && !fits(target)) texts.push(['linkpath', target]);
  // POSIX wants names in UTF-8, unless the archive says that it holds them as they are
  if (texts.some(([, text]) => !isUtf8(text))) records.push(textRecord('hdrcharset', 'BINARY'));
  for (const [keyword, text] of texts) records.push(record(Buffer.from(keyword), text));
  if (uid > ID_LIMIT) records.push(textRecord('uid', String(uid)));
  if (gid > ID_LIMIT) records.push(textRecord('gid', String(gid)));
  if (size > NUMBER_LIMIT) records.push(textRecord('size', String(size)));
  if (mtimeNanoseconds !== 0 || mtimeSeconds < 0 || mtimeSeconds > NUMBER_LIMIT) {
    records.push(textRecord('mtime', decimalTime(mtimeSeconds, mtimeNanoseconds)));
  }
  for (const { name, value } of xattrs) records.push(record(xattrKeyword(name), value));
  return records;
}

/** "LENGTH KEYWORD=VALUE\n", its own digits counted. */
function record(keyword: Uint8Array, value: Uint8Array): Uint8Array {
  const rest = Buffer.concat([Buffer.from(' '), keyword, Buffer.from('='), value, NEWLINE]);
  const digits = String(rest.length).length;
  const length = rest.length + digits;
  return Buffer.concat([Buffer.from(`${String(length).length > digits ? length + 1 : length}`), rest]);
}

function textRecord(keyword: string, value: string): Uint8Array {
  return record(Buffer.from(keyword), Buffer.from(value));
}

/** As star and GNU tar write it, the latter with its escapes, since a "=" ends the keyword. */
function xattrKeyword(name: Uint8Array): Uint8Array {
  const text = Buffer.from(name).toString('latin1').replaceAll('%', '%25').replaceAll('=', '%3D');
  return Buffer.from(`SCHILY.xattr.${text}`, 'latin1');
}

/** Seconds with a fraction, which counts away from zero before 1970. */
function decimalTime(seconds: number, nanoseconds: number): string {
  const isNegative = seconds < 0 && nanoseconds > 0;
  const whole = isNegative ? -(seconds + 1) : seconds;
  const fraction = isNegative ? 1_000_000_000 - nanoseconds : nanoseconds;
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`;
  return `${isNegative ? '-' : ''}${whole}${digits}`;
}

function fits(text: Uint8Array): boolean {
  return text.length <= TEXT_LIMIT && text.every((byte) => byte < 0x80);
}

/** Of a name that does not fit, something that readers without pax can make a file of. */
function inHeader(text: Uint8Array): string {
  return fits(text) ? Buffer.from(text).toString('latin1') : escapeBytes(text).slice(-TEXT_LIMIT);
}

function isUtf8(text: Uint8Array): boolean {
  return Buffer.from(Buffer.from(text).toString('utf8'), 'utf8').equals(text);
}
