/** A read as a list of segments, before any byte of data is touched. Pure but for the indexes it looks at. */
import { type ByteRange, hex, nidName } from './bytes.js';
import { corrupt } from './errors.js';
import type { CodedExtent, HoleExtent, InlineExtent, RawExtent } from './extent.js';
import type { DataNode, ErofsImage } from './image.js';

/** Bytes of one extent and where they go. Fragments are resolved: their bytes lie in extents of the packed inode. */
export interface Segment {
  readonly extent: HoleExtent | RawExtent | InlineExtent | CodedExtent;
  /** first byte of the extent that is wanted */
  readonly skip: number;
  readonly length: number;
  /** first byte of the destination */
  readonly at: number;
  /** for messages: whose data it is */
  readonly nid: number;
  /** what the extent decodes to, up to the end of the segment at least, where that is kept. Borrowed until the operation ends. */
  readonly kept: Uint8Array | undefined;
}

/** Segments for file bytes offset .. offset + length, which must lie inside the file. */
export function planRead(image: ErofsImage, node: DataNode, offset: number, length: number): Segment[] {
  const segments: Segment[] = [];
  plan(image, node, offset, length, 0, segments);
  return segments;
}

function plan(
  image: ErofsImage,
  node: DataNode,
  offset: number,
  length: number,
  at: number,
  segments: Segment[],
): void {
  const end = offset + length;
  const { nid } = node.inode;
  for (let position = offset; position < end; ) {
    const extent = node.mapper.map(position, end);
    const skip = position - extent.start;
    const bytes = Math.min(extent.length - skip, end - position);
    const target = at + position - offset;
    if (extent.kind === 'fragment') {
      const packed = packedFor(image, node, extent.offset, extent.length);
      plan(image, packed, extent.offset + skip, bytes, target, segments);
    } else {
      const kept = extent.kind === 'coded' ? image.decoder.kept(extent, skip + bytes) : undefined;
      segments.push({ extent, skip, length: bytes, at: target, nid, kept });
    }
    position += bytes;
  }
}

function packedFor(image: ErofsImage, node: DataNode, offset: number, length: number): DataNode {
  const { nid } = node.inode;
  const place = { nid, offset: node.inode.offset };
  const packed = image.packed(place);
  if (nid === packed.inode.nid) {
    throw corrupt(`packed inode ${nidName(nid)} has a fragment of its own`, place);
  }
  if (offset + length > packed.inode.size) {
    throw corrupt(
      `inode ${nidName(nid)}: fragment at ${hex(offset)} + ${length} bytes, the packed inode has ${packed.inode.size}`,
      place,
    );
  }
  return packed;
}

/** Every device range that executing the plan will look at; pclusters one behind the other are one range. */
export function rangesOf(segments: readonly Segment[]): ByteRange[] {
  const ranges: { device: number; offset: number; length: number }[] = [];
  let last: (typeof ranges)[number] | undefined;
  for (const { extent, skip, length, kept } of segments) {
    if (extent.kind === 'coded') {
      if (kept !== undefined || (extent.device === undefined && extent.inMetabox)) continue;
      const { device = 0, offset, encodedLength } = extent;
      if (last !== undefined && last.device === device && last.offset + last.length === offset) {
        last.length += encodedLength;
        continue;
      }
      last = { device, offset, length: encodedLength };
    } else if (extent.kind === 'raw') {
      last = { device: extent.device, offset: extent.offset + skip, length };
    } else if (extent.kind === 'inline' && !extent.inMetabox) {
      last = { device: 0, offset: extent.offset + skip, length };
    } else {
      continue;
    }
    ranges.push(last);
  }
  return ranges;
}
