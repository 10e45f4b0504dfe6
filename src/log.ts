/** The log of a mount: JSON lines. LAW: the only importer of pino at run time; no line is written per request. */
import { writeSync } from 'node:fs';
import { type DestinationStream, type Logger, pino } from 'pino';

/** From the chattiest on. */
export const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * A log that writes to an open file descriptor. Each line is written before the call returns, so that the last
 * words of a dying process are not lost. The level is EROFSJS_LOG_LEVEL, `info` unless set.
 * Throws an Error with code 'usage' for an unknown level.
 */
export function openLog(descriptor: number): Logger {
  const level = process.env.EROFSJS_LOG_LEVEL ?? 'info';
  if (!LEVELS.includes(level)) {
    const message = `EROFSJS_LOG_LEVEL is ${level}, expected one of ${LEVELS.join(', ')}`;
    throw Object.assign(new Error(message), { code: 'usage' });
  }
  const file = new LineFile(descriptor);
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: { pid: process.pid } }, file);
}

/** A disk that takes no line, such as a full one, must not end a mount: the next line that it takes says how many it did not. */
class LineFile implements DestinationStream {
  readonly #descriptor: number;
  #lost = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(line: string): void {
    const text =
      this.#lost === 0 ? line : `{"level":40,"lost":${this.#lost},"msg":"lines were lost"}\n${line}`;
    try {
      this.#writeAll(Buffer.from(text));
      this.#lost = 0;
    } catch {
      // there is no other place to say it
      this.#lost++;
    }
  }

  #writeAll(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
  }
}
