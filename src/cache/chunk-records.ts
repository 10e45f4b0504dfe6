/**
 * The records of an index, as far as they were looked at, and what is written of them.
 *
 * LAW: only whole records are written, each by who changes it; nothing is read, changed and written back, so that others
 * may write theirs at the same time.
 */
import { readSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { BlobFiles } from './chunk-files.js';
import { type IndexLayout, REGION_CHUNKS, sealOf } from './chunk-index.js';
import type { WrittenChunks } from './written-chunks.js';

/** Seconds for which a use need not be written again: eviction is by day rather than by minute. */
const USE_PRECISION = 300;

/** Of 4 MiB of a blob each, in 2.3 KiB of memory; those of a larger blob are read again. */
const MOST_REGIONS = 1024;
/** One read is of less than 64 MiB. */
const NEIGHBOURS = 16;

export class ChunkRecords {
  readonly #files: BlobFiles;
  readonly #layout: IndexLayout;
  /** by region: its last use and records as they stood on disk when they were read, a seal 0 where it was not right; the one read longest ago first */
  readonly #regions = new Map<number, Uint32Array>();
  /** by region, when its use was written last, in seconds since 1970 */
  readonly #uses: Uint32Array;
  readonly #use = new Uint32Array(1);
  /** seals by chunk: records of bytes that were proven wrong, which do not count */
  readonly #doubted = new Map<number, number>();

  readonly #written: WrittenChunks | undefined;

  /** `written`, of these files: what this process has not made durable yet counts as well. */
  constructor(files: BlobFiles, written?: WrittenChunks) {
    this.#files = files;
    this.#written = written;
    this.#layout = files.layout;
    this.#uses = new Uint32Array(files.layout.regions);
  }

  /** Whether a chunk is here: as memory says, and where that has none, as it stands now. Throws the system's error. */
  has(chunk: number): boolean {
    return this.seal(chunk) !== 0 || this.hasNow(chunk);
  }

  /** As it stands now, on disk or written. Throws the system's error. */
  hasNow(chunk: number): boolean {
    this.look(this.#layout.regionOf(chunk));
    return this.seal(chunk) !== 0;
  }

  /**
   * From now on the chunk is not here for these records while it has the seal that it has in memory, is to get (`waiting`, or 0), or
   * has on disk. Throws the system's error.
   */
  doubt(chunk: number, waiting: number): void {
    if (this.seal(chunk) === 0 && waiting === 0) this.hasNow(chunk);
    this.#doubted.set(chunk, this.seal(chunk) || waiting);
    if (this.seal(chunk) !== 0) this.record(chunk)[0] = 0;
  }

  /** Those of chunks, ascending, that are not here as it stands on disk now; each region is read once. Throws the system's error. */
  absent(chunks: readonly number[]): number[] {
    let region = -1;
    return chunks.filter((chunk) => {
      if (this.#layout.regionOf(chunk) !== region) {
        region = this.#layout.regionOf(chunk);
        this.look(region);
      }
      return this.seal(chunk) === 0;
    });
  }

  /** Tells one state of a chunk from another, as far as it is in memory; 0 where it is not here. */
  seal(chunk: number): number {
    const records = this.#regions.get(Math.floor(chunk / REGION_CHUNKS));
    return records === undefined ? 0 : records[this.#wordOf(chunk)]!;
  }

  /** Of a chunk that is here, as memory says. */
  record(chunk: number): Uint32Array {
    const at = this.#wordOf(chunk);
    return this.#regions.get(this.#layout.regionOf(chunk))!.subarray(at, at + this.#layout.recordWords);
  }

  /** The CRC-32 of a block of a chunk that is here, as memory says. `block` counts from the start of the blob. */
  checksum(block: number): number {
    const { blocks } = this.#layout;
    const chunk = Math.floor(block / blocks);
    return this.#regions.get(Math.floor(chunk / REGION_CHUNKS))![this.#wordOf(chunk) + 1 + (block % blocks)]!;
  }

  /** The record that a chunk with these bytes has. */
  recordOf(chunk: number, bytes: Uint8Array): Uint32Array {
    const { blockSize, recordWords } = this.#layout;
    const record = new Uint32Array(recordWords);
    for (let i = 1, at = 0; at < bytes.length; i++, at += blockSize) {
      record[i] = crc32(bytes.subarray(at, at + blockSize));
    }
    record[0] = sealOf(record, chunk, this.#files.header.generation);
    return record;
  }

  /** Reads the records of a region anew. Throws the system's error. */
  look(region: number): void {
    const records = this.#regions.get(region) ?? this.#roomFor(region);
    const first = region * REGION_CHUNKS;
    const read = readSync(this.#files.index, records, 0, records.byteLength, this.#layout.useAt(region));
    this.#regions.set(region, records);
    // beyond its end an index says nothing
    records.fill(0, Math.floor(read / records.BYTES_PER_ELEMENT));
    const end = Math.min(this.#layout.chunks, first + REGION_CHUNKS);
    for (let chunk = first; chunk < end; chunk++) {
      if (this.seal(chunk) === 0 && this.#written?.has(chunk) !== true) continue;
      const record = this.record(chunk);
      const isOnDisk = record[0] !== 0 && record[0] === sealOf(record, chunk, this.#files.header.generation);
      if (!isOnDisk && this.#written?.take(chunk, record) !== true) record[0] = 0;
      if (record[0] === this.#doubted.get(chunk)) record[0] = 0;
    }
  }

  /** The bytes of a chunk are in the file: it is here, for this process. */
  noteWritten(chunk: number, record: Uint32Array): void {
    this.#written?.set(chunk, record);
  }

  /** Such a chunk is in the index now, or is not going to be. */
  forgetWritten(chunk: number): void {
    this.#written?.clear(chunk);
  }

  /** Writes the records of chunks whose data is durable, by number. Throws the system's error. */
  write(written: ReadonlyMap<number, Uint32Array>): void {
    const chunks = [...written.keys()].sort((a, b) => a - b);
    for (let first = 0, end = 1; end <= chunks.length; end++) {
      const next = chunks[end];
      // a page is written at a time
      if (next !== undefined && next === chunks[end - 1]! + 1 && next % REGION_CHUNKS > 0) continue;
      this.#writeRun(chunks.slice(first, end), written);
      first = end;
    }
  }

  /** From now on the chunk is not here, for nobody. Throws the system's error. */
  clear(chunk: number): void {
    this.#written?.clear(chunk);
    this.#write(new Uint32Array(this.#layout.recordWords), chunk);
    this.look(this.#layout.regionOf(chunk));
  }

  /** The same for all chunks of a region. */
  clearRegion(region: number): void {
    this.#write(new Uint32Array(REGION_CHUNKS * this.#layout.recordWords), region * REGION_CHUNKS);
    this.#regions.get(region)?.fill(0, 1);
  }

  /** A chunk of the region is used now. Throws the system's error. */
  use(region: number): void {
    const now = Math.floor(Date.now() / 1000);
    // a clock that was set back must not keep it from being written
    if (Math.abs(now - this.#uses[region]!) < USE_PRECISION || !this.#files.isWritable) return;
    this.#uses[region] = now;
    this.#use[0] = now;
    writeSync(this.#files.index, this.#use, 0, this.#use.byteLength, this.#layout.useAt(region));
  }

  /** When a region was last used, in seconds since 1970, 0 for never: as far as it is in memory. */
  lastUse(region: number): number {
    return this.#regions.get(region)?.[0] ?? 0;
  }

  /** Chunks of a region that are here, as it stands on disk now. Throws the system's error. */
  count(region: number): number {
    this.look(region);
    let count = 0;
    const end = Math.min(this.#layout.chunks, (region + 1) * REGION_CHUNKS);
    for (let chunk = region * REGION_CHUNKS; chunk < end; chunk++) {
      if (this.seal(chunk) !== 0) count++;
    }
    return count;
  }

  /** Where there are as many regions as stay, that of one read long ago; not of a neighbour, which the same read may be of. */
  #roomFor(region: number): Uint32Array {
    if (this.#regions.size >= MOST_REGIONS) {
      for (const [oldest, records] of this.#regions) {
        if (Math.abs(oldest - region) <= NEIGHBOURS) continue;
        this.#regions.delete(oldest);
        return records;
      }
    }
    return new Uint32Array(1 + REGION_CHUNKS * this.#layout.recordWords);
  }

  /**
   * Bytes of all chunks that are here, as it stands on disk now; none of their records stays in memory. Gives way after each 256
   * regions, and ends where `isOver` then says that the files are closed. Rejects with the system's error.
   */
  async bytes(isOver: () => boolean): Promise<number> {
    const { chunks, recordWords, regions } = this.#layout;
    const { generation } = this.#files.header;
    const records = new Uint32Array(1 + REGION_CHUNKS * recordWords);
    let bytes = 0;
    for (let region = 0; region < regions; region++) {
      const read = readSync(this.#files.index, records, 0, records.byteLength, this.#layout.useAt(region));
      records.fill(0, Math.floor(read / records.BYTES_PER_ELEMENT));
      const end = Math.min(chunks, (region + 1) * REGION_CHUNKS);
      for (let chunk = region * REGION_CHUNKS; chunk < end; chunk++) {
        const at = this.#wordOf(chunk);
        const record = records.subarray(at, at + recordWords);
        const isOnDisk = record[0] !== 0 && record[0] === sealOf(record, chunk, generation);
        if (isOnDisk || this.#written?.has(chunk) === true) bytes += this.#layout.chunkLength(chunk);
      }
      if (region % 256 < 255) continue;
      await setImmediate();
      if (isOver()) break;
    }
    return bytes;
  }

  /** Of a chunk's record in what was read of its region. */
  #wordOf(chunk: number): number {
    return 1 + (chunk % REGION_CHUNKS) * this.#layout.recordWords;
  }

  /** Chunks of one region. */
  #writeRun(chunks: readonly number[], written: ReadonlyMap<number, Uint32Array>): void {
    const { recordWords } = this.#layout;
    const records = new Uint32Array(chunks.length * recordWords);
    chunks.forEach((chunk, i) => {
      records.set(written.get(chunk)!, i * recordWords);
    });
    this.#write(records, chunks[0]!);
    const region = this.#layout.regionOf(chunks[0]!);
    this.look(region);
    this.use(region);
  }

  #write(records: Uint32Array, chunk: number): void {
    const { index, folder } = this.#files;
    const length = records.byteLength;
    const written = writeSync(index, records, 0, length, this.#layout.recordAt(chunk));
    if (written === length) return;
    const message = `writing to ${folder}/index: ${written} of ${length} bytes were taken; make room on the disk`;
    throw Object.assign(new Error(message), { code: 'ENOSPC' });
  }
}
