/** Fixtures on a web server: the image and its devices become URLs, and what was asked for becomes chunks. */
import { existsSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Fixture, optionValues } from './fixture.js';
import type { ToMount } from './mounted.js';
import type { NginxRequest } from './nginx.js';

/** Bytes that are fetched and kept together. */
export const CHUNK_SIZE = 64 << 10;

/** Image and devices of a fixture, by the names under which a server has them. */
export const filesOf = ({ image, options }: Fixture): string[] =>
  [image, ...optionValues(options, 'device')].map((path) => basename(path));

/** Puts a fixture into the folder that a server serves. */
export function publish(fixture: Fixture, folder: string): void {
  for (const path of [fixture.image, ...optionValues(fixture.options, 'device')]) {
    const served = join(folder, basename(path));
    if (!existsSync(served)) symlinkSync(path, served);
  }
}

/** A published fixture as it is mounted from there. */
export function remote(
  fixture: Fixture,
  urlOf: (path: string) => string,
  words: readonly string[] = [],
): ToMount {
  const options = fixture.options.map((word) =>
    word.startsWith('device=') ? `device=${urlOf(basename(word.slice('device='.length)))}` : word,
  );
  return { image: urlOf(basename(fixture.image)), options, words };
}

/** A blob that is known is asked for one byte, to learn whether it is still the same; it is no chunk. */
export const IDENTITY_RANGE = 'bytes=0-0';

/** The chunks that answers brought, one entry each time; those to IDENTITY_RANGE are none. */
export function chunksIn(requests: readonly Pick<NginxRequest, 'range' | 'bytes'>[]): number[] {
  return requests
    .filter(({ range }) => range !== IDENTITY_RANGE)
    .flatMap(({ range, bytes }) => {
      const first = Math.floor(Number(/^bytes=(\d+)-/.exec(range)?.[1] ?? 0) / CHUNK_SIZE);
      return Array.from({ length: Math.ceil(bytes / CHUNK_SIZE) }, (_, index) => first + index);
    });
}

/** Those that came more than once. */
export function chunksTwice(requests: readonly Pick<NginxRequest, 'range' | 'bytes'>[]): number[] {
  const seen = new Set<number>();
  return chunksIn(requests).filter((chunk) => seen.has(chunk) || !seen.add(chunk));
}
