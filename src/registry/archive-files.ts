/**
 * A tar archive as a table of its members, each with its place in the file: nothing is unpacked, and no content is read.
 *
 * LAW: a member is what lies in the file as it is; one that has to be put together from pieces is refused.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { posix } from 'node:path';
import { RegistryError } from './errors.js';
import { type FilePart, type NamedFiles, readFully } from './file-part.js';
import {
  BLOCK,
  headerProblem,
  readHeader,
  readPaxRecords,
  type TarHeader,
  textUpToZero,
} from './tar-header.js';

const MOST_MEMBERS = 1_000_000;
/** Bytes of a long name, or of the records of one member. */
const LONGEST_RECORDS = 1 << 20;
const MOST_LINKS = 8;

const COMPRESSIONS: readonly (readonly [string, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
];

/** What goes before the header of a member and changes it. */
interface Amendment {
  name?: string;
  linkName?: string;
  size?: number;
}

export class ArchiveFiles implements NamedFiles {
  readonly path: string;
  readonly #members = new Map<string, FilePart>();
  readonly #links = new Map<string, string>();

  /** `path` is absolute. Throws RegistryError 'corrupt' or 'unsupported', or the system's error. */
  constructor(path: string) {
    this.path = path;
    const file = openSync(path, 'r');
    try {
      this.#read(file, fstatSync(file).size);
    } finally {
      closeSync(file);
    }
  }

  find(name: string): FilePart | undefined {
    let found = plain(name);
    for (let links = 0; links < MOST_LINKS; links++) {
      const member = this.#members.get(found);
      if (member !== undefined) return member;
      const target = this.#links.get(found);
      if (target === undefined) return undefined;
      found = target;
    }
    return undefined;
  }

  #read(file: number, size: number): void {
    const block = new Uint8Array(BLOCK);
    let amendment: Amendment | undefined;
    let at = 0;
    for (let members = 0; at < size; members++) {
      const isWhole = readFully(file, block, at) === BLOCK;
      if (at === 0) this.#checkKind(block);
      if (!isWhole) throw this.#damage('it is cut off');
      if (block.every((byte) => byte === 0)) return;
      const problem = headerProblem(block);
      if (problem !== undefined) throw this.#damage(`${problem}, at byte ${at}`);
      if (members === MOST_MEMBERS) throw this.#refused(`it has more than ${MOST_MEMBERS} members`);
      const header = readHeader(block);
      const offset = at + BLOCK;
      const length = amendment?.size ?? header.size;
      if (offset + length > size) throw this.#damage('it is cut off');
      if ('xLKg'.includes(header.type)) {
        const records = this.#readRecords(file, offset, length);
        if (header.type !== 'g') amendment = this.#amend(amendment ?? {}, header.type, records);
      } else {
        this.#add({ ...header, ...amendment }, offset);
        amendment = undefined;
      }
      at = offset + Math.ceil(length / BLOCK) * BLOCK;
    }
    if (amendment !== undefined) throw this.#damage('it is cut off');
  }

  #add({ name, linkName, type, size }: TarHeader, offset: number): void {
    const key = plain(name);
    if (type === 'S') throw this.#refused(`its member ${key} is sparse`);
    // the last one of a name counts
    this.#members.delete(key);
    this.#links.delete(key);
    if (type === '0') this.#members.set(key, { path: this.path, offset, size });
    if (type === '1') this.#links.set(key, plain(linkName));
    if (type === '2') this.#links.set(key, plain(posix.join(posix.dirname(key), linkName)));
  }

  #readRecords(file: number, offset: number, length: number): Uint8Array {
    if (length > LONGEST_RECORDS) throw this.#damage(`a name of ${length} bytes`);
    const bytes = new Uint8Array(length);
    readFully(file, bytes, offset);
    return bytes;
  }

  #amend(amendment: Amendment, type: string, bytes: Uint8Array): Amendment {
    if (type === 'L') return { ...amendment, name: textUpToZero(bytes) };
    if (type === 'K') return { ...amendment, linkName: textUpToZero(bytes) };
    const records = readPaxRecords(bytes);
    if (records === undefined) throw this.#damage('records of a member that are none');
    if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) {
      throw this.#refused('one of its members is sparse');
    }
    const name = records.get('path');
    const linkName = records.get('linkpath');
    const size = records.get('size');
    if (size !== undefined && !/^\d{1,15}$/.test(size)) throw this.#damage(`a member of ${size} bytes`);
    return {
      ...amendment,
      ...(name !== undefined && { name }),
      ...(linkName !== undefined && { linkName }),
      ...(size !== undefined && { size: Number(size) }),
    };
  }

  #checkKind(start: Uint8Array): void {
    const compression = COMPRESSIONS.find(([, magic]) => magic.every((byte, at) => start[at] === byte));
    if (compression === undefined) return;
    throw this.#refused(
      `it is compressed with ${compression[0]}: unpack that first, for its members are read where they lie`,
    );
  }

  #damage(reason: string): RegistryError {
    return new RegistryError('corrupt', `${this.path} cannot be read as a tar archive: ${reason}`);
  }

  #refused(reason: string): RegistryError {
    return new RegistryError('unsupported', `${this.path} cannot be read without unpacking it: ${reason}`);
  }
}

/** Without what does not matter: "./" before and "/" behind. */
const plain = (name: string): string => posix.normalize(name).replace(/^\.\//, '').replace(/\/$/, '');
