/**
 * A trace: which bytes of which blobs a run read, in order, each once. The next run fetches them first.
 *
 * Lines of JSON. The first says what it is and which blobs it is of, each other line is one range, "[blob, offset, length]", with
 * the blob's number in the first line, from 0 on, and bytes:
 *
 *     {"format":"erofs-trace","version":1,"blobs":[{"id":"https://host/a.erofs \"v1\"","size":1048576}]}
 *     [0,0,131072]
 *     [0,917504,65536]
 */
import { readFileSync } from 'node:fs';
import type { BlobRange } from '../cache/source.js';
import { PrefetchError } from './errors.js';

export interface TracedBlob {
  /** name and version */
  readonly id: string;
  /** bytes */
  readonly size: number;
}

export interface TracedRange extends BlobRange {
  /** its number among the blobs */
  readonly blob: number;
}

export interface Trace {
  /** what people call it: the file that it came from */
  readonly name: string;
  readonly blobs: readonly TracedBlob[];
  /** in the order of reading */
  readonly ranges: readonly TracedRange[];
}

const FORMAT = 'erofs-trace';
const VERSION = 1;

export function traceText({ blobs, ranges }: Omit<Trace, 'name'>): string {
  const lines = [JSON.stringify({ format: FORMAT, version: VERSION, blobs })];
  for (const { blob, offset, length } of ranges) lines.push(`[${blob},${offset},${length}]`);
  return `${lines.join('\n')}\n`;
}

/** Throws PrefetchError 'bad-trace', or the system's error. */
export function readTrace(file: string): Trace {
  return parseTrace(readFileSync(file, 'utf8'), file);
}

/** Throws PrefetchError 'bad-trace', which names the line. */
export function parseTrace(text: string, name: string): Trace {
  const [head = '', ...lines] = text.split('\n');
  const blobs = blobsOf(parsed(head));
  if (blobs === undefined) {
    throw badTrace(name, 1, head, `{"format":"${FORMAT}","version":${VERSION},"blobs":[…]}`);
  }
  const ranges: TracedRange[] = [];
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    const range = rangeOf(parsed(line), blobs);
    if (range === undefined)
      throw badTrace(name, i + 2, line, 'a range [blob,offset,length] of a blob of line 1');
    ranges.push(range);
  }
  return { name, blobs, ranges };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function blobsOf(head: unknown): TracedBlob[] | undefined {
  const { format, version, blobs } = (head ?? {}) as Record<string, unknown>;
  if (format !== FORMAT || version !== VERSION || !Array.isArray(blobs)) return undefined;
  const found = blobs as Partial<TracedBlob>[];
  if (!found.every((blob) => typeof blob?.id === 'string' && isCount(blob.size))) return undefined;
  return found.map(({ id, size }) => ({ id: id!, size: size! }));
}

function rangeOf(line: unknown, blobs: readonly TracedBlob[]): TracedRange | undefined {
  if (!Array.isArray(line) || line.length !== 3 || !line.every(isCount)) return undefined;
  const [blob, offset, length] = line as [number, number, number];
  const size = blobs[blob]?.size;
  return size === undefined || offset + length > size ? undefined : { blob, offset, length };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function badTrace(name: string, line: number, found: string, expected: string): PrefetchError {
  const shown = found.length > 60 ? `${found.slice(0, 60)}…` : found;
  return new PrefetchError(
    'bad-trace',
    `${name}: no trace: line ${line} is ${JSON.stringify(shown)}, expected ${expected}; write it anew with --record`,
  );
}
