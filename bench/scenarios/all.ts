/** The scenarios by name, in the order in which they are run. */
import type { Scenario } from '../bench.js';
import { containerStart } from './container-start.js';
import { find } from './find.js';
import { firstAnswer } from './first-answer.js';
import { list } from './list.js';
import { manyMounts } from './many-mounts.js';
import { micro } from './micro.js';
import { randomFiles } from './random-files.js';
import { randomReads } from './random-reads.js';
import { remote } from './remote.js';
import { resources } from './resources.js';
import { rootfsArtifact } from './rootfs-artifact.js';
import { rootfsLoad } from './rootfs-load.js';
import { rootfsStart } from './rootfs-start.js';
import { sequential } from './sequential.js';
import { tar } from './tar.js';
import { verity } from './verity.js';

export const SCENARIOS: readonly Scenario[] = [
  firstAnswer,
  list,
  find,
  tar,
  randomFiles,
  sequential,
  randomReads,
  manyMounts,
  resources,
  verity,
  remote,
  containerStart,
  rootfsArtifact,
  rootfsStart,
  rootfsLoad,
  micro,
];

/** Names of scenarios that belong together. */
export const PRESETS = {
  /** size of the artifact; time to distribute it; start; many at once; CPU; memory and page cache; first command */
  rootfs: ['rootfs-artifact', 'container-start', 'rootfs-start', 'many-mounts', 'rootfs-load'],
} as const satisfies Record<string, readonly string[]>;

export type PresetName = keyof typeof PRESETS;

/** In the order of SCENARIOS; all of them where no name is given. Names must be of scenarios. */
export const chosen = (names: readonly string[]): Scenario[] =>
  SCENARIOS.filter(({ name }) => names.length === 0 || names.includes(name));
