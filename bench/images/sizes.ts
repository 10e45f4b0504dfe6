/** How much is read: three sizes of the same scenarios. */

import type { ContainerShape } from './container.js';
import type { Interpreter } from './inner-program.js';
import type { TreeShape } from './tree.js';

export interface Size {
  readonly tree: TreeShape;
  /** of each scenario's variants of the image so many, from the first on */
  readonly variants: number;
  /** whether caches are dropped to measure first use: then everything has to be read from disk again */
  /** where the user may: for the short form it would cost everything else on the machine its page cache */
  readonly dropsCaches: boolean;
  readonly firstUse: boolean;
  readonly container: ContainerShape;
  /** random files that are read, random reads of 4 KiB, mounts at once, starts one after the other */
  readonly randomFiles: number;
  /** as many as the large file has blocks, as fio reads */
  readonly randomReads: number;
  readonly mounts: number;
  readonly starts: number;
  readonly rounds: number;
}

const container = (
  interpreter: Interpreter,
  system: readonly [number, number],
  dependencies: readonly [number, number],
  modules: number,
): ContainerShape => ({ interpreter, system, dependencies, modules });

export const SIZES = {
  /** what the figures are quoted of; a container image of 300 MB */
  full: {
    tree: { files: 50_000, large: 256 << 20 },
    variants: 5,
    dropsCaches: true,
    firstUse: true,
    container: container('node', [3000, 35_000], [12_000, 8000], 600),
    randomFiles: 500,
    randomReads: 65_536,
    mounts: 100,
    starts: 20,
    rounds: 5,
  },
  quick: {
    tree: { files: 4000, large: 48 << 20 },
    variants: 2,
    dropsCaches: true,
    firstUse: false,
    container: container('node', [300, 20_000], [1000, 5000], 300),
    randomFiles: 200,
    randomReads: 12_288,
    mounts: 10,
    starts: 3,
    rounds: 2,
  },
  /** whether every scenario works at all */
  short: {
    tree: { files: 120, large: 2 << 20 },
    variants: 1,
    dropsCaches: false,
    firstUse: false,
    container: container('sh', [20, 5000], [40, 2000], 20),
    randomFiles: 20,
    randomReads: 50,
    mounts: 2,
    starts: 1,
    rounds: 1,
  },
} as const satisfies Record<string, Size>;

export type SizeName = keyof typeof SIZES;
