/**
 * What lies on top of what. Two extents may share a pcluster (dedupe), and chunks any bytes; everything else has its
 * bytes for itself.
 */
import { hex, nidName } from '../erofs-reader/bytes.js';
import type { FindingCode, Subject } from './finding.js';
import { type Range, RangeKind } from './range-ledger.js';
import type { Session } from './session.js';

const NAMES = { 0: 'metadata', 1: 'data', 2: 'pcluster' } as const;

/** Of each kind, the range that reaches farthest of those met. */
type Farthest = Map<RangeKind, Range>;

export function checkOverlaps(session: Session): void {
  const farthest: Farthest = new Map();
  let device: number | undefined;
  for (const range of session.ranges.sorted()) {
    if (range.device !== device) farthest.clear();
    device = range.device;
    for (const before of farthest.values()) {
      if (before.end > range.start) checkOverlap(session, before, range);
    }
    const reach = farthest.get(range.kind);
    if (reach === undefined || range.end > reach.end) farthest.set(range.kind, { ...range });
  }
}

function checkOverlap({ findings, inodes }: Session, before: Range, range: Range): void {
  const code = codeOf(before, range);
  if (code === undefined) return;
  // Of data and metadata it is the data that lies wrong, as metadata was found where names lead.
  const [wrong, other] = range.kind >= before.kind ? [range, before] : [before, range];
  const subject: Subject = { place: inodes.get(wrong.nid)?.place, nid: wrong.nid };
  const message =
    `inode ${nidName(wrong.nid)}: ${describe(wrong)} lies on ` +
    `${describe(other)} of inode ${nidName(other.nid)}`;
  findings.add(code, subject, message, wrong.start);
}

/** undefined where both may lie there. */
function codeOf(before: Range, range: Range): FindingCode | undefined {
  if (before.kind !== range.kind) return 'data-overlap';
  if (range.kind === RangeKind.metadata) return 'inode-overlap';
  if (range.kind === RangeKind.raw) return undefined;
  return before.start === range.start && before.end === range.end ? undefined : 'pcluster-overlap';
}

function describe({ kind, device, start, end }: Range): string {
  const where = device > 0 ? ` of device ${device}` : device < 0 ? ' of the metabox' : '';
  return `${NAMES[kind]} at ${hex(start)} to ${hex(end)}${where}`;
}
