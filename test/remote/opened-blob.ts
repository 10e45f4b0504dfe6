/** Blobs opened for tests: with limits that make the tests quick, and closed at their end. */
import type { Test } from 'tap';
import { openHttpBlob } from '../../src/remote/http-blob.js';
import type { HttpLimits, HttpNotice, HttpOptions } from '../../src/remote/http-options.js';
import type { FetchOptions, RemoteBlob } from '../../src/remote/remote-blob.js';
import { Random } from '../support/random.js';

/** Pauses are short; stalls, deadlines and hedges are far away where a test does not bring them near. */
export const QUICK: Partial<HttpLimits> = {
  stall: 30_000,
  deadline: 60_000,
  tries: 4,
  openingTries: 3,
  pause: 5,
  longestPause: 20,
  longestRetryAfter: 50,
  hedgeAfter: 60_000,
  breakerRest: 60_000,
};

export const blobOf = (size: number, seed = 1): Uint8Array => new Random(seed).bytes(size);

export interface OpenedBlob {
  readonly blob: RemoteBlob;
  /** of the opening request, and what nobody fetched; holes are zeros */
  readonly unasked: Uint8Array;
  readonly notices: HttpNotice[];
  /** The bytes of a range, which must come in order and without a gap. */
  read(offset: number, length: number, options?: FetchOptions): Promise<Uint8Array>;
}

/** Rejects as openHttpBlob does. */
export async function openedBlob(t: Test, url: string, options: HttpOptions = {}): Promise<OpenedBlob> {
  const notices: HttpNotice[] = [];
  const early: [number, Uint8Array][] = [];
  let unasked: Uint8Array | undefined;
  const blob = await openHttpBlob(url, {
    firstBytes: 1000,
    ...options,
    limits: { ...QUICK, ...options.limits },
    report: (notice) => notices.push(notice),
    arrived: (at, bytes) => {
      if (unasked === undefined) early.push([at, bytes.slice()]);
      else unasked.set(bytes, at);
    },
  });
  t.teardown(() => blob.close());
  unasked = new Uint8Array(blob.size);
  for (const [at, bytes] of early) unasked.set(bytes, at);
  const read = async (offset: number, length: number, fetchOptions?: FetchOptions) => {
    const bytes = new Uint8Array(length);
    let next = offset;
    await blob.fetch(
      { offset, length },
      (at, piece) => {
        if (at !== next) throw new Error(`byte ${at} came, ${next} was next`);
        next += piece.length;
        if (at < offset + length) bytes.set(piece.subarray(0, offset + length - at), at - offset);
      },
      fetchOptions,
    );
    if (next < offset + length) throw new Error(`only the bytes before ${next} came`);
    return bytes;
  };
  return { blob, unasked, notices, read };
}

export const same = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;
