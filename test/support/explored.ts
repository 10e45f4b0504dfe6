/** `erofs explore` as a process, and what its server answers. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { command } from './paths.js';
import { killGroup, start } from './run.js';
import type { Ending } from './scratch.js';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Explored {
  /** the line that it printed */
  readonly line: string;
  readonly url: string;
  /** What a path below the URL gives, as JSON. */
  ask<T>(question: string): Promise<T>;
  /** Sends a signal; settles with the exit code and what was written to stderr. */
  end(signal: NodeJS.Signals): Promise<{ status: number | null; stderr: string }>;
}

/** Throws what the command said where it prints no URL. */
export async function explore(t: Ending, words: readonly string[]): Promise<Explored> {
  const child = start(process.execPath, [command, 'explore', '--json', ...words]);
  t.teardown(() => killGroup(child));
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
    stderr += piece;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const line = await new Promise<string>((resolve) => {
    child.stdout!.setEncoding('utf8').once('data', resolve);
    void ended.then(() => resolve(''));
  });
  if (!line.startsWith('{')) throw new Error(`erofs explore printed no URL: ${line}${stderr}`);
  const { url } = JSON.parse(line) as { url: string };
  return {
    line,
    url,
    ask: async <T>(question: string) => JSON.parse((await get(url + question)).body) as T,
    end: async (signal) => {
      child.kill(signal);
      return { status: await ended, stderr };
    },
  };
}

/** One request as it is told, whatever a browser would make of it. */
export function get(
  url: string,
  options: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Record<string, string>;
  } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false, ...options }, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode!, headers: response.headers, body }),
        reject,
      );
    });
    asked.on('error', reject).end();
  });
}
