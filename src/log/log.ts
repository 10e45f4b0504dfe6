/** The log of a mount, a line an event. LAW: the only importer of pino; no line is written per request. */
import { writeSync } from 'node:fs';
import { type DestinationStream, pino } from 'pino';
import type { Log, LogEvent } from './log-events.js';
import { type LogFormat, logText } from './log-text.js';

/** From the chattiest on. */
export const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * A log that writes to an open file descriptor. Each line is written before the call returns, so that the last
 * words of a dying process are not lost. The level is EROFSJS_LOG_LEVEL, `info` unless set.
 * Throws an Error with code 'usage' for an unknown level.
 */
export function openLog(descriptor: number, format: LogFormat = 'json'): Log {
  const level = process.env.EROFSJS_LOG_LEVEL ?? 'info';
  if (!LEVELS.includes(level)) {
    const message = `EROFSJS_LOG_LEVEL is ${level}, expected one of ${LEVELS.join(', ')}`;
    throw Object.assign(new Error(message), { code: 'usage' });
  }
  const file = new LineFile(descriptor, format);
  return pino({ level, timestamp: pino.stdTimeFunctions.isoTime, base: { pid: process.pid } }, file);
}

const LINES_LOST: LogEvent = 'lines-lost';

/** A disk that takes no line, such as a full one, must not end a mount: the next line that it takes says how many it did not. */
class LineFile implements DestinationStream {
  readonly #descriptor: number;
  readonly #format: LogFormat;
  #lost = 0;

  constructor(descriptor: number, format: LogFormat) {
    this.#descriptor = descriptor;
    this.#format = format;
  }

  /** `json` is one line. */
  write(json: string): void {
    try {
      this.#writeAll(
        this.#lost === 0 ? this.#shown(json) : this.#shown(this.#lostLine()) + this.#shown(json),
      );
      this.#lost = 0;
    } catch {
      // there is no other place to say it
      this.#lost++;
    }
  }

  #lostLine(): string {
    const time = new Date().toISOString();
    const record = { level: 40, time, pid: process.pid, event: LINES_LOST, lost: this.#lost };
    return `${JSON.stringify({ ...record, msg: 'lines were lost' })}\n`;
  }

  #shown(json: string): string {
    return this.#format === 'json' ? json : logText(json);
  }

  #writeAll(text: string): void {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
  }
}
