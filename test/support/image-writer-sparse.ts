/** Bytes of any size of which only what was written takes room: images of terabytes, in memory and on disk. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { BlobRange, Source } from '../../src/cache/source.js';
import type { ByteRange, ByteView } from '../../src/erofs-reader/bytes.js';

const PAGE = 4096;

export class SparseBytes {
  /** bytes; grows with what is written, and may be set further out */
  size = 0;
  readonly #pages = new Map<number, Uint8Array>();

  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const number = Math.floor((offset + done) / PAGE);
      const skip = offset + done - number * PAGE;
      const piece = bytes.subarray(done, done + PAGE - skip);
      let page = this.#pages.get(number);
      if (page === undefined) {
        page = new Uint8Array(PAGE);
        this.#pages.set(number, page);
      }
      page.set(piece, skip);
      done += piece.length;
    }
    this.size = Math.max(this.size, offset + bytes.length);
  }

  /** Fills dst; what was never written is zeros. */
  read(dst: Uint8Array, offset: number): void {
    for (let done = 0; done < dst.length; ) {
      const number = Math.floor((offset + done) / PAGE);
      const skip = offset + done - number * PAGE;
      const length = Math.min(PAGE - skip, dst.length - done);
      const page = this.#pages.get(number);
      if (page === undefined) dst.fill(0, done, done + length);
      else dst.set(page.subarray(skip, skip + length), done);
      done += length;
    }
  }

  slice(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.read(bytes, offset);
    return bytes;
  }

  /** All of it: for images that are small. */
  toBytes(): Uint8Array {
    return this.slice(0, this.size);
  }

  /** Writes a file that is as sparse as these bytes. */
  save(path: string): void {
    const file = openSync(path, 'wx', 0o644);
    try {
      for (const [number, page] of this.#pages) {
        const length = Math.min(PAGE, this.size - number * PAGE);
        writeSync(file, page, 0, length, number * PAGE);
      }
      ftruncateSync(file, this.size);
    } finally {
      closeSync(file);
    }
  }

  source(name = 'sparse'): Source {
    return {
      id: name,
      name,
      size: this.size,
      readSync: (dst, offset) => {
        this.read(dst, offset);
        return true;
      },
      read: async (ranges: readonly BlobRange[]) =>
        ranges.map(({ offset, length }) => this.slice(offset, length)),
      close: () => {},
    };
  }
}

/** A view of bytes that are all here, and what it was asked for. */
export class CountingView implements ByteView {
  readonly sizes: readonly number[];
  /** every range that was looked at, in order */
  readonly asked: ByteRange[] = [];
  readonly #devices: readonly SparseBytes[];

  constructor(...devices: readonly SparseBytes[]) {
    this.#devices = devices;
    this.sizes = devices.map(({ size }) => size);
  }

  view(device: number, offset: number, length: number): DataView {
    this.asked.push({ device, offset, length });
    return new DataView(this.#devices[device]!.slice(offset, length).buffer);
  }

  copy(dst: Uint8Array, device: number, offset: number): void {
    this.asked.push({ device, offset, length: dst.length });
    this.#devices[device]!.read(dst, offset);
  }

  want(): void {}
}
