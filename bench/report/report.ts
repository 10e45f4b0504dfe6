/** What a run found, with every raw value: bench.json is this and nothing else. Other renderings are made from it. */
import type { Absence } from '../absences.js';
import type { Contest, Failure, Series } from '../measure/series.js';
import type { Link } from '../remote-shaping/shaping-proxy.js';

export const FORMAT = 'erofs-bench';
export const FORMAT_VERSION = 1;

export interface Machine {
  readonly system: string;
  readonly processor: string;
  readonly cores: number;
  /** MiB */
  readonly memory: number;
  readonly root: boolean;
  /** of the minute before the run: others were at work where it is not near 0 */
  readonly load: number;
}

/** The subjects of one contest; ratios are to the first of them. */
export interface ContestRecord extends Pick<Contest, 'scenario' | 'on'> {
  readonly subjects: readonly string[];
}

export interface Report {
  readonly format: typeof FORMAT;
  readonly version: typeof FORMAT_VERSION;
  /** ISO 8601 */
  readonly when: string;
  readonly size: string;
  readonly rounds: number;
  readonly link: Link;
  readonly machine: Machine;
  /** of this program, Node, and all that took part */
  readonly versions: Readonly<Record<string, string>>;
  /** by the names of scenarios, for people */
  readonly titles: Readonly<Record<string, string>>;
  readonly contests: readonly ContestRecord[];
  readonly series: readonly Series[];
  readonly failures: readonly Failure[];
  readonly absences: readonly Absence[];
}

export const isSame = (a: Omit<Series, 'values' | 'unit'>, b: Omit<Series, 'values' | 'unit'>): boolean =>
  a.scenario === b.scenario && a.on === b.on && a.measure === b.measure && a.subject === b.subject;
