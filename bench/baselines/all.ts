/** All who serve a local image, this program first. */
import type { Absences } from '../absences.js';
import type { Baseline } from './baseline.js';
import { directory } from './directory.js';
import { erofsfuse } from './erofsfuse.js';
import { kernelErofs, kernelSquashfs } from './kernel.js';
import { own } from './own.js';
import { squashfuse } from './squashfuse.js';

const ALL: readonly Baseline[] = [own(), kernelErofs, erofsfuse, kernelSquashfs, squashfuse, directory];

/** Those that are here; the others are named as absent. */
export function presentBaselines(absences: Absences): Baseline[] {
  return ALL.filter((baseline) => {
    const why = baseline.missing();
    if (why !== undefined) absences.note(baseline.name, why);
    return why === undefined;
  });
}
