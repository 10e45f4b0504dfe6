/**
 * The files of a folder behind a shaped link.
 *
 * LAW: it is served by another process. Starting a program keeps this one waiting until the kernel has read the program's first
 * page, from a mount that asks the site.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../errors.js';
import type { Link } from './shaping-proxy.js';

const PROGRAM = fileURLToPath(new URL('./site-program.js', import.meta.url));

export class Site {
  /** ends with a slash */
  readonly origin: string;
  readonly #process: ChildProcess;

  static async start(folder: string, { roundTrip, bandwidth }: Link): Promise<Site> {
    const child = fork(PROGRAM, [folder, `${roundTrip}`, `${bandwidth}`]);
    return new Site(child, await answerOf(child));
  }

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.origin = `http://127.0.0.1:${port}/`;
  }

  url(name: string): string {
    return this.origin + name;
  }

  /** Bytes that went over the link since the last call. */
  async takeBytes(): Promise<number> {
    const answer = answerOf(this.#process);
    this.#process.send('take');
    return answer;
  }

  /** Brings a whole file here. Throws BenchError 'wrong-answer' where the server says no. */
  async download(name: string, file: string): Promise<void> {
    const response = await fetch(this.url(name));
    if (!response.ok || response.body === null) {
      throw new BenchError('wrong-answer', `${this.url(name)}: status ${response.status}, expected 200`);
    }
    await pipeline(Readable.fromWeb(response.body), createWriteStream(file, { flags: 'wx' }));
  }

  stop(): void {
    if (this.#process.connected) this.#process.disconnect();
  }
}

/** Its next message. Throws BenchError 'program-failed' where it ends first. */
async function answerOf(child: ChildProcess): Promise<number> {
  const given = new AbortController();
  const ended = once(child, 'exit', { signal: given.signal }).then(([status]) => {
    throw new BenchError('program-failed', `the server of the remote scenarios ended: exit ${status}`);
  });
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal: given.signal }), ended]);
    return answer as number;
  } finally {
    ended.catch(() => {}); // given up below
    given.abort();
  }
}
