/** All targets; one that is added here is fuzzed by every run. */
import { FuzzError } from '../errors.js';
import type { Target } from '../target.js';
import { cachedImageTarget } from './cached-image.js';
import { chunkIndexTarget } from './chunk-index.js';
import { dmVerityTarget } from './dm-verity.js';
import { fsVerityTarget } from './fs-verity.js';
import { imageTarget } from './image.js';
import { manifestTarget } from './manifest.js';
import { missingBytesTarget } from './missing-bytes.js';

export const TARGETS: readonly Target[] = [
  imageTarget,
  missingBytesTarget,
  cachedImageTarget,
  dmVerityTarget,
  fsVerityTarget,
  chunkIndexTarget,
  manifestTarget,
];

/** Throws FuzzError 'usage'. */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((target) => target.name === name);
  if (target !== undefined) return target;
  throw new FuzzError(
    'usage',
    `target ${name}: expected one of ${TARGETS.map(({ name }) => name).join(', ')}`,
  );
}
