/**
 * Writes the trace of what is read, whole each time, every few seconds while it grows and at the end, so that a run that is killed
 * leaves one, too.
 */
import { writeWhole } from '../system/atomic-file.js';
import { FirstReads } from './first-reads.js';
import { type TracedBlob, type TracedRange, traceText } from './trace.js';

/** Milliseconds. */
const INTERVAL = 5_000;

export interface RecorderOptions {
  /** told once of a file that cannot be written; reading goes on */
  readonly report: (problem: Error) => void;
  /** milliseconds between two writings */
  readonly interval?: number;
}

export class TraceRecorder {
  readonly #path: string;
  readonly #report: (problem: Error) => void;
  readonly #blobs: TracedBlob[] = [];
  readonly #ranges: TracedRange[] = [];
  readonly #reads = new FirstReads((blob, offset, length) => this.#add(blob, offset, length));
  readonly #timer: NodeJS.Timeout;
  #changed = false;
  #failed = false;

  /** Writes a trace without ranges, in the place of any other. Throws the system's error where that cannot be done. */
  constructor(path: string, { report, interval = INTERVAL }: RecorderOptions) {
    this.#path = path;
    this.#report = report;
    this.#write();
    this.#timer = setInterval(() => this.#writeChanges(), interval).unref();
  }

  /** Bytes were read, in this thread or another one; to be called in the order of reading. */
  note(blob: TracedBlob, offset: number, length: number): void {
    this.#reads.note(blob, offset, length);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#writeChanges();
  }

  #add({ id, size }: TracedBlob, offset: number, length: number): void {
    let blob = this.#blobs.findIndex((known) => known.id === id);
    if (blob < 0) blob = this.#blobs.push({ id, size }) - 1;
    const last = this.#ranges.at(-1);
    if (last?.blob === blob && last.offset + last.length === offset) {
      this.#ranges[this.#ranges.length - 1] = { blob, offset: last.offset, length: last.length + length };
    } else {
      this.#ranges.push({ blob, offset, length });
    }
    this.#changed = true;
  }

  #writeChanges(): void {
    if (!this.#changed) return;
    this.#changed = false;
    try {
      this.#write();
    } catch (error) {
      if (this.#failed) return;
      this.#failed = true;
      this.#report(error as Error);
    }
  }

  #write(): void {
    writeWhole(this.#path, traceText({ blobs: this.#blobs, ranges: this.#ranges }), 0o644);
  }
}
