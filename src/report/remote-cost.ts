/** What reading ranges of an image takes of a network: how much of them is here, and what is fetched for the rest. */
import { coalesce } from '../cache/coalesce.js';
import type { ByteRange } from '../erofs-reader/bytes.js';
import type { OpenedLayer } from '../open.js';
import type { RemoteBytes } from '../prefetch/remote-image.js';

/** The form of --json. Bytes. */
export interface RemoteCost {
  /** of the chunks that the ranges lie in */
  readonly bytes: number;
  readonly cached_bytes: number;
  readonly fetch_bytes: number;
  /** at least: one for chunks that follow one another, up to 4 MiB */
  readonly requests: number;
}

/** As long as a request of the network's own is; see LazyOptions. */
const LONGEST_REQUEST = 4 << 20;

/** undefined where nothing of the layer lies behind a network. */
export function remoteCost(layer: OpenedLayer, ranges: readonly ByteRange[]): RemoteCost | undefined {
  if (layer.devices.every((device) => device === undefined)) return undefined;
  const wanted = new Map<RemoteBytes, Set<number>>();
  for (const { device, offset, length } of ranges) {
    const remote = layer.devices[device];
    if (remote === undefined || length === 0) continue;
    const { blob, base } = remote;
    const chunks = wanted.get(blob) ?? new Set();
    wanted.set(blob, chunks);
    const end = Math.min(blob.size, base + offset + length);
    for (let at = Math.floor((base + offset) / blob.chunkSize); at * blob.chunkSize < end; at++)
      chunks.add(at);
  }
  const cost = { bytes: 0, cached_bytes: 0, fetch_bytes: 0, requests: 0 };
  for (const [blob, chunks] of wanted) {
    const missing: number[] = [];
    for (const chunk of [...chunks].sort((a, b) => a - b)) {
      const offset = chunk * blob.chunkSize;
      const length = Math.min(blob.chunkSize, blob.size - offset);
      cost.bytes += length;
      if (blob.isHere(offset, length)) cost.cached_bytes += length;
      else missing.push(chunk);
    }
    const longest = Math.max(1, Math.floor(LONGEST_REQUEST / blob.chunkSize));
    cost.requests += coalesce(missing, { gap: 0, longest }, () => true).length;
  }
  cost.fetch_bytes = cost.bytes - cost.cached_bytes;
  return cost;
}
