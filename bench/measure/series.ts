/** What a measurement is: a contest of subjects over the same work, and the series of values that each of them gives. */

export type Unit =
  | 's'
  | 'ms'
  | 'µs'
  | 'MB/s'
  | 'reads/s'
  | 'MiB'
  | 'MB'
  | 'cores'
  | '% of the tree'
  | 'times';

const MORE_IS_BETTER: ReadonlySet<Unit> = new Set(['MB/s', 'reads/s']);

export const isMoreBetter = (unit: Unit): boolean => MORE_IS_BETTER.has(unit);

/** One value of one round. */
export interface Reading {
  /** what it is of: "cold", "P95" */
  readonly measure: string;
  readonly unit: Unit;
  readonly value: number;
}

/** One of those who do the work. */
export interface Entry {
  readonly subject: string;
  /** Does the work once, from nothing mounted to nothing mounted. Throws where it cannot. */
  round(): Promise<readonly Reading[]>;
}

export interface Contest {
  readonly scenario: string;
  /** the image or the setting, for people: "LZ4HC, 64 KiB pclusters" */
  readonly on: string;
  readonly entries: readonly Entry[];
}

/** All values of one measure of one subject in one contest. */
export interface Series {
  readonly scenario: string;
  readonly on: string;
  readonly measure: string;
  readonly subject: string;
  readonly unit: Unit;
  /** by round; null where the round failed */
  readonly values: readonly (number | null)[];
}

export interface Failure {
  readonly scenario: string;
  readonly on: string;
  readonly subject: string;
  /** from 1 on; 0: before the first one */
  readonly round: number;
  readonly message: string;
}
