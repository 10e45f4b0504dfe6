/** Statistics in the text format of Prometheus, version 0.0.4. No label has what a URL hides. */
import { bucketEnd } from '../statistics/quantile.js';
import type { RequestStatistics } from '../statistics/statistics.js';
import type { MountStatistics, MountStatus } from './controlled-mount.js';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];
type Kind = 'counter' | 'gauge';

const NONE: Labels = {};

export function metricsText(status: MountStatus, statistics: MountStatistics): string {
  const { requests, remote, block_cache, extent_cache, chunk_store } = statistics;
  const kinds = Object.entries(requests);
  const caches = Object.entries({ block: block_cache, extent: extent_cache, chunk: chunk_store });
  const { mountpoint, image, driver, transport } = status;
  const size = status.blobs.reduce((sum, blob) => sum + blob.size, 0);
  const kept = status.blobs.reduce((sum, blob) => sum + blob.kept, 0);
  return [
    family('mount_info', 'gauge', 'What is mounted.', [[{ mountpoint, image, driver, transport }, 1]]),
    family('start_time_seconds', 'gauge', 'When the server started, since 1970.', [
      [NONE, status.started / 1000],
    ]),
    family('resident_memory_bytes', 'gauge', 'Memory of the server.', [[NONE, status.memory]]),
    family(
      'requests_total',
      'counter',
      'Requests of the kernel that were answered.',
      kinds.map(([kind, { count }]) => [{ kind }, count]),
    ),
    family(
      'request_failures_total',
      'counter',
      'Requests answered with an error because something is wrong.',
      kinds.map(([kind, { failures }]) => [{ kind }, failures]),
    ),
    durations(kinds),
    family('requests_waiting', 'gauge', 'Requests that wait for bytes.', [[NONE, statistics.waiting]]),
    family('requests_interrupted_total', 'counter', 'Requests whose programs gave up.', [
      [NONE, statistics.interrupted],
    ]),
    family('read_bytes_total', 'counter', 'Bytes that programs read.', [[NONE, statistics.bytes_read]]),
    family(
      'cache_lookups_total',
      'counter',
      'What was looked up in a cache, and whether it was there.',
      caches.flatMap(([cache, { hits, misses }]): Sample[] => [
        [{ cache, result: 'hit' }, hits],
        [{ cache, result: 'miss' }, misses],
      ]),
    ),
    family('remote_bytes_total', 'counter', 'Bytes of the image that came over the network.', [
      [NONE, remote.bytes],
    ]),
    family('remote_requests_total', 'counter', 'HTTP requests.', [[NONE, remote.requests]]),
    family('remote_retries_total', 'counter', 'Those that followed a failure.', [[NONE, remote.retries]]),
    family('remote_hedges_total', 'counter', 'Those made beside a slow one.', [[NONE, remote.hedges]]),
    family('remote_size_bytes', 'gauge', 'Bytes of all that lies behind a network.', [[NONE, size]]),
    family('remote_kept_bytes', 'gauge', 'Bytes of it that are in the cache.', [[NONE, kept]]),
  ].join('');
}

function family(name: string, type: Kind | 'histogram', help: string, samples: readonly Sample[]): string {
  return head(name, type, help) + samples.map(([labels, value]) => sample(name, labels, value)).join('');
}

const head = (name: string, type: string, help: string): string =>
  `# HELP erofs_${name} ${help}\n# TYPE erofs_${name} ${type}\n`;

const sample = (name: string, labels: Labels, value: number): string =>
  `erofs_${name}${labelText(labels)} ${value}\n`;

function labelText(labels: Labels): string {
  const texts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return texts.length === 0 ? '' : `{${texts.join(',')}}`;
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const MICROSECONDS = 1e6;
/** A series must not change its buckets: from 4 µs to 16 s. */
const FIRST_BUCKET = 2;
const LAST_BUCKET = 24;

/** The sum is what the middles of the buckets give. */
function durations(kinds: readonly (readonly [string, RequestStatistics])[]): string {
  const name = 'request_duration_seconds';
  let text = head(
    name,
    'histogram',
    'What requests took; of many, one in eight is timed and stands for eight.',
  );
  for (const [kind, { durations }] of kinds) {
    let count = 0;
    let sum = 0;
    for (let bucket = 0; bucket < Math.max(durations.length, LAST_BUCKET + 1); bucket++) {
      const many = durations[bucket] ?? 0;
      const end = bucketEnd(bucket) / MICROSECONDS;
      count += many;
      sum += many * end * 0.75;
      if (bucket < FIRST_BUCKET || bucket > LAST_BUCKET) continue;
      text += sample(`${name}_bucket`, { kind, le: `${end}` }, count);
    }
    text += sample(`${name}_bucket`, { kind, le: '+Inf' }, count);
    text += sample(`${name}_sum`, { kind }, sum) + sample(`${name}_count`, { kind }, count);
  }
  return text;
}
