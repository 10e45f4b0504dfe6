/** Reading file data: plan, ask for all bytes at once, then fill the destination segment by segment. */
import type { CodedExtent } from './extent.js';
import type { DataNode, ErofsImage } from './image.js';
import { PCLUSTER_MAX_SIZE } from './layout.js';
import { planRead, rangesOf, type Segment } from './plan.js';
import { SharedPclusters } from './shared-pclusters.js';

type CodedSegment = Segment & { readonly extent: CodedExtent };

/**
 * Fills dst from byte `offset` of the node's data and returns the bytes filled: less than dst.length only at
 * the end of the file. Throws 'corrupt', 'undecodable', 'truncated', Miss; dst is then undefined.
 */
export function readData(image: ErofsImage, node: DataNode, offset: number, dst: Uint8Array): number {
  const length = Math.max(0, Math.min(dst.length, node.inode.size - offset));
  if (length === 0) return 0;
  const segments = planRead(image, node, offset, length);
  const ranges = rangesOf(segments);
  image.bytes.want(ranges);
  const shared = SharedPclusters.of(segments, ranges);
  for (let i = 0; i < segments.length; ) {
    i +=
      segments[i]!.extent.kind === 'coded'
        ? fillCoded(image, segments, i, shared, dst)
        : fillStored(image, segments[i]!, dst);
  }
  return length;
}

/** A segment whose bytes are stored as they are, or nowhere. Returns the segments filled: 1. */
function fillStored(image: ErofsImage, segment: Segment, dst: Uint8Array): number {
  const { extent, skip, length, at, nid } = segment;
  if (extent.kind === 'hole') {
    dst.fill(0, at, at + length);
  } else if (extent.kind === 'raw') {
    image.bytes.copy(dst.subarray(at, at + length), extent.device, extent.offset + skip);
  } else if (extent.kind === 'inline') {
    const view = image.metadata(extent.inMetabox, extent.offset + skip, length, { nid });
    dst.set(new Uint8Array(view.buffer, view.byteOffset, length), at);
  }
  return 1;
}

/**
 * Coded segments from `first` on whose pclusters lie one behind the other: fetched in one piece, so that
 * scanning a file costs one pread per megabyte rather than one per block. Returns the segments filled.
 */
function fillCoded(
  image: ErofsImage,
  segments: readonly Segment[],
  first: number,
  shared: SharedPclusters | undefined,
  dst: Uint8Array,
): number {
  const { decoder } = image;
  const { extent, skip, length, at, nid, kept } = segments[first]! as CodedSegment;
  const twins = shared?.get(extent);
  const known = twins?.decoded ?? kept;
  if (known !== undefined) {
    dst.set(known.subarray(skip, skip + length), at);
    return 1;
  }
  if (twins !== undefined) {
    decoder.fetch(twins.longest, twins.longest.encodedLength);
    twins.decoded = decoder.decodeAndKeep(twins.longest, 0, nid);
    dst.set(twins.decoded.subarray(skip, skip + length), at);
    return 1;
  }
  let fetched = extent.encodedLength;
  let end = first + 1;
  for (; end < segments.length; end++) {
    const { extent: next, kept: nextKept } = segments[end]!;
    if (next.kind !== 'coded' || nextKept !== undefined || shared?.get(next)) break;
    if (next.device === undefined || next.device !== extent.device) break;
    if (next.offset !== extent.offset + fetched || fetched + next.encodedLength > PCLUSTER_MAX_SIZE) break;
    fetched += next.encodedLength;
  }
  decoder.fetch(extent, fetched);
  let encodedAt = 0;
  for (let i = first; i < end; i++) {
    const segment = segments[i]! as CodedSegment;
    decodeSegment(image, segment, encodedAt, dst);
    encodedAt += segment.extent.encodedLength;
  }
  return end - first;
}

/** A pcluster that is wanted whole is decoded where it belongs; of others the rest will be wanted soon, and is kept. */
function decodeSegment(image: ErofsImage, segment: CodedSegment, encodedAt: number, dst: Uint8Array): void {
  const { extent, skip, length, at, nid } = segment;
  if (length === extent.length) {
    image.decoder.decode(extent, encodedAt, dst.subarray(at, at + length), nid);
  } else {
    const decoded = image.decoder.decodeAndKeep(extent, encodedAt, nid);
    dst.set(decoded.subarray(skip, skip + length), at);
  }
}
