/** A mount that nobody serves, with numbers of its own. */
import type { ControlledMount, MountStatistics, MountStatus } from '../../src/control/controlled-mount.js';

export const status: MountStatus = {
  mountpoint: '/mnt/a "b"\\c\nd',
  device: { major: 0, minor: 42 },
  image: 'https://host/root.erofs',
  driver: 'fuse',
  transport: 'dev-fuse',
  reason: null,
  pid: 1234,
  started: 1_700_000_000_500,
  uptime: 12.5,
  memory: 90_000_000,
  log_file: null,
  log_level: 'info',
  metrics: null,
  layers: [],
  blobs: [
    { name: 'one', size: 1000, kept: 400 },
    { name: 'two', size: 500, kept: 500 },
  ],
  prefetching: null,
  waiting: 3,
  failures: 1,
  last_error: null,
};

export const statistics: MountStatistics = {
  mountpoint: status.mountpoint,
  pid: 1234,
  uptime: 12.5,
  waiting: 3,
  requests: { READ: { count: 20, failures: 1, p50: 6, p99: 8, durations: [0, 0, 0, 16, 4] } },
  bytes_read: 81920,
  interrupted: 2,
  block_cache: { hits: 5, misses: 6 },
  extent_cache: { hits: 7, misses: 8 },
  chunk_store: { hits: 9, misses: 10 },
  remote: { bytes: 65536, requests: 11, retries: 12, hedges: 13 },
  failures: 1,
  last_failure: 1_700_000_000_000,
};

export class StubMount implements ControlledMount {
  level = 'info';

  async status(): Promise<MountStatus> {
    return status;
  }

  statistics(): MountStatistics {
    return statistics;
  }

  reads() {
    return [{ key: 7, cells: [1, 0, 2] }];
  }

  setLogLevel(level: string): boolean {
    if (level !== 'debug') return false;
    this.level = level;
    return true;
  }
}
