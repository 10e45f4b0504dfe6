/** What scenarios are given. */
import type { Absences } from './absences.js';
import type { Baseline } from './baselines/baseline.js';
import type { Images } from './images/images.js';
import type { Size } from './images/sizes.js';
import type { Contest } from './measure/series.js';
import type { Workspace } from './measure/workspace.js';
import type { Link } from './remote-shaping/shaping-proxy.js';

export interface Bench {
  readonly size: Size;
  readonly images: Images;
  readonly workspace: Workspace;
  readonly absences: Absences;
  /** that are here, this program first */
  readonly baselines: readonly Baseline[];
  /** whether caches are dropped, without which there is no cold */
  readonly dropsCaches: boolean;
  /** whether what begins with nothing in the page cache is measured */
  readonly firstUse: boolean;
  /** what the network of the remote scenarios is like */
  readonly link: Link;
}

export interface Scenario {
  readonly name: string;
  /** for people; what is measured */
  readonly title: string;
  /** One after the other; what a contest needs is there until the next one is asked for. */
  contests(bench: Bench): AsyncGenerator<Contest>;
}
