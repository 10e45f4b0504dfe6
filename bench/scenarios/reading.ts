/**
 * Work on a mounted tree, by all who can serve the tree as one variant of image: first use with nothing in the page cache; a new
 * mount of an image that is in the page cache; cold, the same mount with its page cache emptied; and warm, once more.
 */
import type { Baseline } from '../baselines/baseline.js';
import type { Bench } from '../bench.js';
import type { Tree } from '../images/tree.js';
import { VARIANTS, type VariantName } from '../images/variants.js';
import { dropCaches, warm } from '../measure/page-cache.js';
import type { Contest, Entry, Reading, Unit } from '../measure/series.js';

export interface Work {
  readonly unit: Unit;
  /** Does the work on the tree at `path`; returns the value. */
  readonly measure: (path: string, tree: Tree) => Promise<number>;
}

export async function* readingContests(
  bench: Bench,
  scenario: string,
  variants: readonly VariantName[],
  work: Work,
): AsyncGenerator<Contest> {
  const tree = await bench.images.tree();
  for (const name of variants.slice(0, bench.size.variants)) {
    const entries: Entry[] = [];
    for (const [baseline, image] of await servers(bench, name)) {
      entries.push({
        subject: baseline.name,
        round: () => states(bench, baseline, image, (path) => work.measure(path, tree), work.unit),
      });
    }
    if (entries.length > 0) yield { scenario, on: VARIANTS[name].title, entries };
  }
}

/** Who serves the tree as this variant, and from which path; none where this program has no image. */
export async function servers(
  bench: Bench,
  name: VariantName,
): Promise<(readonly [baseline: Baseline, image: string])[]> {
  const images = {
    erofs: await bench.images.erofs(name),
    squashfs: await bench.images.squashfs(name),
    directory: (await bench.images.tree()).folder,
  };
  if (images.erofs === undefined) return [];
  return bench.baselines.flatMap((baseline) => {
    const image = images[baseline.serves];
    return image === undefined ? [] : [[baseline, image] as const];
  });
}

async function states(
  bench: Bench,
  baseline: Baseline,
  image: string,
  measure: (path: string) => Promise<number>,
  unit: Unit,
): Promise<Reading[]> {
  const readings: Reading[] = [];
  const note = (name: string, value: number): void => void readings.push({ measure: name, unit, value });
  if (bench.firstUse) {
    dropCaches();
    const mounted = await baseline.mount(image, bench.workspace);
    try {
      note('first use', await measure(mounted.path));
    } finally {
      await mounted.unmount();
    }
  }
  if (baseline.beginsCold) warm(image);
  const mounted = await baseline.mount(image, bench.workspace);
  try {
    const first = await measure(mounted.path);
    if (baseline.beginsCold) note('new mount', first);
    if (baseline.beginsCold && bench.dropsCaches) {
      dropCaches();
      warm(image);
      note('cold', await measure(mounted.path));
    }
    note('warm', await measure(mounted.path));
  } finally {
    await mounted.unmount();
  }
  return readings;
}
