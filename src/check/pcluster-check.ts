/** Every pcluster decoded once, in the order of the device, to the greatest length that any extent wants of it. */
import type { DataNode } from '../erofs-reader/image.js';
import { readData } from '../erofs-reader/read.js';
import type { Subject } from './finding.js';
import { RangeKind } from './range-ledger.js';
import type { Session } from './session.js';

export async function checkPclusters(session: Session): Promise<void> {
  const { image, ranges, totals, inodes } = session;
  let buffer = new Uint8Array(0);
  let node: DataNode | undefined;
  let device = -1;
  let start = -1;
  for (const range of ranges.sorted()) {
    // The longest extent of a pcluster comes first.
    if (range.kind !== RangeKind.coded || (range.device === device && range.start === start)) continue;
    ({ device, start } = range);
    const { nid, position, length } = range;
    const subject: Subject = { place: inodes.get(nid)?.place, nid };
    if (node?.inode.nid !== nid) {
      node = await session.attempt('undecodable', subject, () => image.data(image.inode(nid)));
    }
    if (node === undefined) continue;
    if (buffer.length < length) buffer = new Uint8Array(length);
    const owner = node;
    await session.attempt('undecodable', subject, () =>
      readData(image, owner, position, buffer.subarray(0, length)),
    );
    totals.pclusters++;
    totals.decodedBytes += length;
    session.progress();
  }
}
