/** Wanted chunks as few ranges: one request for neighbours, several for what is long. Pure. */

/** Chunks from `first` on, up to but without `end`. */
export interface ChunkRun {
  readonly first: number;
  readonly end: number;
}

export interface MergeLimits {
  /** chunks that nobody wants and that a run may contain in one place */
  readonly gap: number;
  /** chunks of the longest run; at least 1 */
  readonly longest: number;
}

/**
 * `wanted` ascends, each chunk once. A gap is only crossed where `mayFetch` is true of all of its chunks: what is here, or
 * on its way, is not fetched again.
 */
export function coalesce(
  wanted: readonly number[],
  { gap, longest }: MergeLimits,
  mayFetch: (chunk: number) => boolean,
): ChunkRun[] {
  const runs: { readonly first: number; end: number }[] = [];
  for (const chunk of wanted) {
    const last = runs.at(-1);
    const joins =
      last !== undefined &&
      chunk - last.end <= gap &&
      chunk + 1 - last.first <= longest &&
      every(last.end, chunk, mayFetch);
    if (joins) last.end = chunk + 1;
    else runs.push({ first: chunk, end: chunk + 1 });
  }
  return runs;
}

function every(first: number, end: number, holds: (chunk: number) => boolean): boolean {
  for (let chunk = first; chunk < end; chunk++) if (!holds(chunk)) return false;
  return true;
}
