/** Reading file data: plan, ask for all bytes at once, then fill the destination segment by segment. */
import type { CodedExtent } from './extent.js';
import type { DataNode, ErofsImage } from './image.js';
import { planRead, rangesOf, type Segment } from './plan.js';
import { SharedPclusters } from './shared-pclusters.js';

/**
 * Fills dst from byte `offset` of the node's data and returns the bytes filled: less than dst.length only at
 * the end of the file. Throws 'corrupt', 'undecodable', 'truncated', Miss; dst is then undefined.
 */
export function readData(image: ErofsImage, node: DataNode, offset: number, dst: Uint8Array): number {
  const length = Math.max(0, Math.min(dst.length, node.inode.size - offset));
  if (length === 0) return 0;
  const segments = planRead(image, node, offset, length);
  image.bytes.want(rangesOf(image, segments));
  const shared = SharedPclusters.of(segments);
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
  const { extent, skip, length, at, nid } = segments[first]! as Segment & { extent: CodedExtent };
  const twins = shared?.get(extent);
  const kept = twins?.decoded ?? decoder.kept(extent, skip + length);
  if (kept !== undefined) {
    dst.set(kept.subarray(skip, skip + length), at);
    return 1;
  }
  if (twins !== undefined) {
    decoder.fetch([twins.longest]);
    twins.decoded = decoder.decodeAndKeep(twins.longest, 0, nid);
    dst.set(twins.decoded.subarray(skip, skip + length), at);
    return 1;
  }
  const run = [extent];
  for (let i = first + 1; i < segments.length; i++) {
    const next = segments[i]!;
    const last = run[run.length - 1]!;
    if (next.extent.kind !== 'coded' || next.extent.device === undefined) break;
    if (next.extent.device !== last.device || next.extent.offset !== last.offset + last.encodedLength) break;
    if (shared?.get(next.extent) || decoder.kept(next.extent, next.skip + next.length) !== undefined) break;
    run.push(next.extent);
  }
  const fetched = decoder.fetch(run);
  let encodedAt = 0;
  for (let i = 0; i < fetched; i++) {
    decodeSegment(image, segments[first + i]!, run[i]!, encodedAt, dst);
    encodedAt += run[i]!.encodedLength;
  }
  return fetched;
}

/** A pcluster that is wanted whole is decoded where it belongs; of others the rest will be wanted soon, and is kept. */
function decodeSegment(
  image: ErofsImage,
  segment: Segment,
  extent: CodedExtent,
  encodedAt: number,
  dst: Uint8Array,
): void {
  const { skip, length, at, nid } = segment;
  if (length === extent.length) {
    image.decoder.decode(extent, encodedAt, dst.subarray(at, at + length), nid);
  } else {
    const decoded = image.decoder.decodeAndKeep(extent, encodedAt, nid);
    dst.set(decoded.subarray(skip, skip + length), at);
  }
}
