/** File data: the whole index walked, every extent inside its device; pclusters are noted and decoded later. */
import { hex, nidName, roundUp } from '../erofs-reader/bytes.js';
import { corrupt } from '../erofs-reader/errors.js';
import type { CodedExtent, Extent } from '../erofs-reader/extent.js';
import { LclusterMapper } from '../erofs-reader/extent-lcluster.js';
import type { DataNode, ErofsImage } from '../erofs-reader/image.js';
import type { Inode } from '../erofs-reader/inode.js';
import { CHUNK_FORMAT, Layout, Z_ADVISE } from '../erofs-reader/layout.js';
import { decodeMapHeader, MAP_HEADER_SIZE } from '../erofs-reader/map-header.js';
import { readData } from '../erofs-reader/read.js';
import type { Subject } from './finding.js';
import { METABOX_DEVICE, RangeKind } from './range-ledger.js';
import type { Session } from './session.js';

/** After this many extents of one file that cannot be mapped, the rest of it tells nothing new. */
const PATIENCE = 8;

/** Whether all of the file's data lies where bytes are. */
export async function checkData(session: Session, subject: Subject, inode: Inode): Promise<boolean> {
  const { image } = session;
  const { size } = inode;
  if (size === 0) return true;
  if (!(await takeIndexEntries(session, subject, inode))) return false;
  const node = await session.attempt('bad-extent', subject, () => image.data(inode));
  if (node === undefined) return false;
  let failures = 0;
  /** where the extent before ended; undefined behind one that could not be mapped */
  let expected: number | undefined = 0;
  for (let position = 0; position < size && failures < PATIENCE; ) {
    const at = position;
    const extent = await session.attempt('bad-extent', subject, () => {
      const mapped = node.mapper.map(at, size);
      checkSpan(inode, mapped, at, expected);
      checkWayBack(node, mapped);
      return mapped;
    });
    if (extent === undefined) {
      failures++;
      expected = undefined;
      position = roundUp(position + 1, image.geometry.blockSize);
      continue;
    }
    session.totals.extents++;
    if (!(await checkExtent(session, subject, node, extent))) failures++;
    position = extent.start + extent.length;
    expected = position;
  }
  return failures === 0;
}

/** Extents follow each other without gap, each within the file. Throws 'corrupt'. */
function checkSpan(inode: Inode, { start, length }: Extent, at: number, expected: number | undefined): void {
  const follows = expected === undefined ? start <= at : start === expected;
  if (follows && start + length > at && start + length <= inode.size) return;
  throw corrupt(
    `inode ${nidName(inode.nid)}: the extent at byte ${at} of the file goes from ${start} to ${start + length} of ${inode.size}`,
    inode,
  );
}

/** Every lcluster of an extent leads back to its head: a read may start at any. Throws 'corrupt'. */
function checkWayBack({ inode, mapper }: DataNode, { start, length }: Extent): void {
  if (!(mapper instanceof LclusterMapper)) return;
  const { lclusterSize } = mapper;
  for (let at = roundUp(start + 1, lclusterSize); at < start + length; at += lclusterSize) {
    const found = mapper.startAt(at);
    if (found === start) continue;
    throw corrupt(
      `inode ${nidName(inode.nid)}: byte ${at} of the file leads to an extent at ${found}, it belongs to that at ${start}`,
      { nid: inode.nid, offset: inode.end },
    );
  }
}

/** Whether the extent lies where bytes are. */
async function checkExtent(
  session: Session,
  subject: Subject,
  node: DataNode,
  extent: Extent,
): Promise<boolean> {
  const { image, ranges } = session;
  const { nid, inMetabox } = node.inode;
  switch (extent.kind) {
    case 'hole':
      return true;
    case 'raw':
      if (!checkInside(session, subject, nid, extent.device, extent.offset, extent.length)) return false;
      ranges.add(RangeKind.raw, extent.device, extent.offset, extent.offset + extent.length, nid);
      return true;
    case 'inline': {
      const { offset, length } = extent;
      ranges.add(RangeKind.metadata, inMetabox ? METABOX_DEVICE : 0, offset, offset + length, nid);
      const view = await session.attempt('bad-extent', subject, () =>
        image.metadata(extent.inMetabox, offset, length, { nid }),
      );
      return view !== undefined;
    }
    case 'fragment':
      return checkFragment(session, subject, node, extent.offset, extent.length);
    case 'coded':
      return checkCoded(session, subject, node, extent);
  }
}

async function checkCoded(
  session: Session,
  subject: Subject,
  node: DataNode,
  extent: CodedExtent,
): Promise<boolean> {
  const { image, ranges, totals } = session;
  const { nid } = node.inode;
  const { start, length, device, offset, encodedLength } = extent;
  const end = offset + encodedLength;
  if (device !== undefined) {
    if (!checkInside(session, subject, nid, device, offset, encodedLength)) return false;
    ranges.add(RangeKind.coded, device, offset, end, nid, start, length);
    return true;
  }
  ranges.add(RangeKind.metadata, extent.inMetabox ? METABOX_DEVICE : 0, offset, end, nid);
  totals.pclusters++;
  totals.decodedBytes += length;
  const decoded = new Uint8Array(length);
  return (
    (await session.attempt('undecodable', subject, () => readData(image, node, start, decoded))) !== undefined
  );
}

function checkInside(
  { image, findings }: Session,
  subject: Subject,
  nid: number,
  device: number,
  offset: number,
  length: number,
): boolean {
  const size = image.bytes.sizes[device];
  if (size !== undefined && offset + length <= size) return true;
  const where = device === 0 ? 'the image' : `device ${device}`;
  const message = `inode ${nidName(nid)}: data at ${hex(offset)} + ${length} bytes, ${where} has ${size ?? 0}`;
  findings.add('bad-extent', subject, message, offset);
  return false;
}

async function checkFragment(
  session: Session,
  subject: Subject,
  { inode }: DataNode,
  offset: number,
  length: number,
): Promise<boolean> {
  const { image } = session;
  const found = await session.attempt('bad-extent', subject, () => {
    const { nid, size } = image.packed().inode;
    if (nid === inode.nid) throw corrupt(`packed inode ${nidName(nid)} has a fragment of its own`, { nid });
    if (offset + length <= size) return true;
    throw corrupt(
      `inode ${nidName(inode.nid)}: fragment at ${hex(offset)} + ${length} bytes, the packed inode has ${size}`,
      inode,
    );
  });
  return found === true;
}

/**
 * Each entry of an index takes 2 bytes or more, and inodes share none: an image of n bytes has at most n / 2 of them.
 * Without this bound many inodes over one long index would cost the product of both.
 */
async function takeIndexEntries(session: Session, subject: Subject, inode: Inode): Promise<boolean> {
  const entries = await session.attempt('bad-extent', subject, () => indexEntries(session.image, inode));
  if (entries === undefined) return false;
  if (entries <= session.indexEntriesLeft) {
    session.indexEntriesLeft -= entries;
    return true;
  }
  const message = `inode ${nidName(inode.nid)}: an index of ${entries} entries, more than the image can still hold; left unread`;
  session.findings.add('oversized-index', subject, message, inode.end);
  return false;
}

function indexEntries(image: ErofsImage, inode: Inode): number {
  const { blockSize } = image.geometry;
  if (inode.layout === Layout.FLAT_PLAIN || inode.layout === Layout.FLAT_INLINE) return 0;
  if (inode.layout === Layout.CHUNK_BASED) {
    return Math.ceil(inode.size / (blockSize * 2 ** (inode.chunkFormat & CHUNK_FORMAT.BLKBITS_MASK)));
  }
  const offset = roundUp(inode.end, 8);
  const view = image.metadata(inode.inMetabox, offset, MAP_HEADER_SIZE, inode);
  if (view.getUint8(7) & 0x80) return 0;
  const header = decodeMapHeader(view, offset, blockSize);
  const isEncoded = inode.layout === Layout.COMPRESSED_FULL && (header.advise & Z_ADVISE.EXTENTS) !== 0;
  const recordSize = 4 << ((header.advise >> 1) & 3);
  return isEncoded && recordSize > 8 ? header.extentCount : Math.ceil(inode.size / header.lclusterSize);
}
