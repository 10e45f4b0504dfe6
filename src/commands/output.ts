/**
 * Standard output of a command, or a file that it writes: collected into large writes, and never ahead of its reader.
 * Lines are byte strings (one char a byte), because names need not be UTF-8.
 */
import type { Writable } from 'node:stream';
import { clearProgress } from './progress.js';

/** Bytes collected before a write. */
const FLUSH_SIZE = 64 * 1024;

/** Text as a byte string of its UTF-8. */
export function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Bytes as a byte string. */
export function byteStringOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** The output took no more; `code` is the system's, EPIPE where its reader has gone. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code: string;

  constructor(name: string, cause: NodeJS.ErrnoException) {
    super(`writing to ${name}: ${cause.message}`, { cause });
    this.code = cause.code ?? 'write-failed';
  }
}

export class Output {
  /** Whether people read along, so that control characters must not reach them. */
  readonly isTerminal: boolean;
  readonly #stream: Writable;
  readonly #name: string;
  #pending = '';

  /** `name` is for messages. */
  constructor(stream: Writable & { readonly isTTY?: boolean }, name = 'standard output') {
    this.#stream = stream;
    this.#name = name;
    // Every write hears of its own error; without a listener the event would end the process before.
    if (stream.listenerCount('error') === 0) stream.on('error', () => {});
    this.isTerminal = stream.isTTY === true;
  }

  /** Adds one line, given as a byte string without its newline. Await what comes back before the next call. */
  line(bytes: string): Promise<void> | undefined {
    return this.text(`${bytes}\n`);
  }

  /** Adds a byte string as it is. Await what comes back before the next call. */
  text(bytes: string): Promise<void> | undefined {
    this.#pending += bytes;
    return this.#pending.length >= FLUSH_SIZE ? this.flush() : undefined;
  }

  /** Settles once `bytes` have been taken over and may be reused; rejects with OutputError. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#pending !== '') await this.flush();
    await this.#send(bytes);
  }

  async flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = '';
    if (pending === '') return;
    // behind a pipe, too, may be a terminal
    clearProgress();
    await this.#send(Buffer.from(pending, 'latin1'));
  }

  #send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(bytes, (error) => (error ? reject(new OutputError(this.#name, error)) : resolve()));
    });
  }
}
