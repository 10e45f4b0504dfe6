/**
 * A URL as a Source, by fetch() and ranges.
 *
 * LAW: each answer is the range that was asked for, of the version that was opened, or an error; what one request waits for no
 * other does. Nothing is tried twice: who wants that gives a fetch that does.
 */
import type { BlobRange, Source } from '../cache/source.js';
import { SourceError } from './source-error.js';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** One range, and what its answer says of the whole. */
interface Part {
  readonly bytes: Uint8Array;
  /** bytes of the whole */
  readonly size: number;
  /** ETag or Last-Modified; '' where the server tells neither */
  readonly version: string;
}

export class FetchSource implements Source {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly #fetch: Fetch;
  readonly #version: string;

  private constructor(url: string, fetchRange: Fetch, { size, version }: Part) {
    this.id = `${url} ${version}`;
    this.name = url;
    this.size = size;
    this.#fetch = fetchRange;
    this.#version = version;
  }

  /** Rejects with SourceError. */
  static async open(url: string, fetchRange: Fetch): Promise<FetchSource> {
    return new FetchSource(url, fetchRange, await fetchPart(url, fetchRange, { offset: 0, length: 1 }));
  }

  read(ranges: readonly BlobRange[], signal?: AbortSignal): Promise<Uint8Array[]> {
    return Promise.all(ranges.map((range) => this.#readRange(range, signal)));
  }

  close(): void {}

  async #readRange(range: BlobRange, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { bytes, size, version } = await fetchPart(this.name, this.#fetch, range, signal);
    if (size !== this.size || version !== this.#version) {
      throw new SourceError(
        'stale',
        `${this.name} has changed: it was ${this.#version} of ${this.size} bytes and is ${version} of ${size}; open it again`,
      );
    }
    return bytes;
  }
}

async function fetchPart(
  url: string,
  fetchRange: Fetch,
  { offset, length }: BlobRange,
  signal?: AbortSignal,
): Promise<Part> {
  const headers = { range: `bytes=${offset}-${offset + length - 1}` };
  try {
    const response = await fetchRange(url, { headers, ...(signal !== undefined && { signal }) });
    const size = sizeOf(url, offset, length, response);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length !== length) {
      throw new SourceError(
        'io',
        `${url}: ${bytes.length} bytes came of the ${length} from byte ${offset} on`,
      );
    }
    const version = response.headers.get('etag') ?? response.headers.get('last-modified') ?? '';
    return { bytes, size, version };
  } catch (cause) {
    if (cause instanceof SourceError || signal?.aborted === true) throw cause;
    const why = (cause as Error).message;
    throw new SourceError(
      'unreachable',
      `${url}: ${why}; see whether the server answers, and allows this origin (CORS)`,
      { cause },
    );
  }
}

/** How large the whole is, of an answer that has exactly the range. Throws SourceError; the body is given up then. */
function sizeOf(url: string, offset: number, length: number, response: Response): number {
  const { status, headers, body } = response;
  const refuse = (code: SourceError['code'], what: string): SourceError => {
    body?.cancel().catch(ignoreCancelled);
    return new SourceError(code, `${url}: ${what}`);
  };
  if (status === 200) {
    throw refuse('no-ranges', 'the server sends the whole file for a range; use one that answers 206');
  }
  if (status !== 206) throw refuse('refused', `the server answered ${status}; expected 206`);
  const given = headers.get('content-range') ?? '';
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(given) ?? [];
  if (Number(first) === offset && Number(last) === offset + length - 1) return Number(size);
  throw refuse(
    'no-ranges',
    `Content-Range is ${JSON.stringify(given)}; expected bytes ${offset}-${offset + length - 1}/SIZE, which other origins show with Access-Control-Expose-Headers: Content-Range, ETag`,
  );
}

/** The answer is not wanted, and neither is how its body ends. */
function ignoreCancelled(): void {}
