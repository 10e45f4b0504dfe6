/**
 * Fetches what a trace says, in its order and in few requests.
 */
import { PrefetchError } from './errors.js';
import { GrowingWindow } from './growing-window.js';
import { mergeRanges } from './merge-ranges.js';
import type { RemoteBytes, RemoteImage } from './remote-image.js';
import { several } from './several.js';
import type { Trace, TracedRange } from './trace.js';

/** Bytes between two ranges that are fetched rather than asking twice. */
const GAP = 128 << 10;
const PARALLEL = 8;

/**
 * `report` is told where the trace is of other blobs, or of another version of one: a part that is about what the image has is
 * fetched. Rejects with RemoteError, or the signal's reason.
 */
export async function replayTrace(
  { blobs: remote }: Pick<RemoteImage, 'blobs'>,
  { name, blobs: traced, ranges }: Trace,
  report: (problem: Error) => void,
  signal?: AbortSignal,
): Promise<void> {
  const found = traced.map(({ id }) => remote.find((blob) => blob.id === id));
  const unknown = traced.find((_, i) => found[i] === undefined);
  if (unknown !== undefined) report(otherImage(name, unknown.id));
  for (const window of windowsOf(ranges.filter(({ blob }) => found[blob] !== undefined))) {
    const runs = [...new Set(found)].flatMap((blob) =>
      blob === undefined ? [] : runsOf(blob, found, window),
    );
    await several(runs, PARALLEL, signal, ({ blob, run }) => blob.prefetch(run, signal));
  }
}

/** What is not here of a blob, as few ranges. */
function runsOf(
  blob: RemoteBytes,
  found: readonly (RemoteBytes | undefined)[],
  window: readonly TracedRange[],
) {
  const absent = window.filter(
    ({ blob: number, offset, length }) => found[number] === blob && !blob.isHere(offset, length),
  );
  return mergeRanges(absent, GAP).map((run) => ({ blob, run }));
}

function* windowsOf(ranges: readonly TracedRange[]): Generator<TracedRange[]> {
  const window = new GrowingWindow<TracedRange>();
  for (const range of ranges) {
    const full = window.add(range);
    if (full !== undefined) yield full;
  }
  yield window.rest();
}

function otherImage(name: string, id: string): PrefetchError {
  return new PrefetchError(
    'other-image',
    `${name}: it is a trace of ${id}, which this image is not or no longer; write it anew with --record`,
  );
}
