/** What a mount that serves tells of itself, and lets be changed. The fields of what is told are those of its JSON. */
import type { ReadCells } from '../statistics/read-heat.js';
import type { Statistics } from '../statistics/statistics.js';

export interface LayerStatus {
  readonly name: string;
  /** how far its bytes are verified: none, digest, chunk-index, dm-verity, fs-verity, signed */
  readonly guarantee: string;
}

export interface BlobStatus {
  readonly name: string;
  /** bytes */
  readonly size: number;
  /** bytes that are in the cache, whoever fetched them */
  readonly kept: number;
}

export interface ProblemStatus {
  /** milliseconds since 1970: when it was met first */
  readonly time: number;
  readonly message: string;
  /** the request, such as READ */
  readonly operation: string | null;
  readonly code: string | null;
  readonly errno: number | null;
  /** where in the image */
  readonly nid: number | null;
  readonly offset: number | null;
}

export interface MountStatus {
  readonly mountpoint: string;
  /** of st_dev; null while it is being mounted */
  readonly device: { readonly major: number; readonly minor: number } | null;
  /** what people call it; no URL in here has its user, password or query */
  readonly image: string;
  readonly driver: 'fuse';
  readonly transport: string;
  /** why this driver */
  readonly reason: string | null;
  readonly pid: number;
  /** milliseconds since 1970 */
  readonly started: number;
  /** seconds */
  readonly uptime: number;
  /** bytes of the process that are in memory */
  readonly memory: number;
  readonly log_file: string | null;
  readonly log_level: string;
  /** where /metrics is: host and port */
  readonly metrics: string | null;
  readonly layers: readonly LayerStatus[];
  /** what lies behind a network */
  readonly blobs: readonly BlobStatus[];
  /** what is being fetched ahead: traces, paths, metadata, all */
  readonly prefetching: string | null;
  /** requests that wait for bytes at this moment */
  readonly waiting: number;
  readonly failures: number;
  readonly last_error: ProblemStatus | null;
}

/** Statistics since the start. */
export interface MountStatistics extends Statistics {
  readonly mountpoint: string;
  readonly pid: number;
  /** seconds */
  readonly uptime: number;
  readonly waiting: number;
}

export interface ControlledMount {
  /** Never rejects. */
  status(): Promise<MountStatus>;
  statistics(): MountStatistics;
  /** how often what was read */
  reads(): ReadCells[];
  /** False for a level that there is not. */
  setLogLevel(level: string): boolean;
}
