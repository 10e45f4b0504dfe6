/** Counts that the image keeps, against what was found: links of each inode, and inodes of the image. */
import { nidName } from '../erofs-reader/bytes.js';
import { S_IFDIR, S_IFMT } from '../erofs-reader/layout.js';
import { WHOLE_IMAGE } from './finding.js';
import { inodeOffset } from './inode-check.js';
import type { Session } from './session.js';

export function checkCounts(session: Session): void {
  const { image, findings, inodes, totals } = session;
  if (!session.isComplete) return;
  if (totals.inodes !== image.geometry.inodes) {
    const message = `the superblock counts ${image.geometry.inodes} inodes, ${totals.inodes} were found`;
    findings.add('inode-count', WHOLE_IMAGE, message);
  }
  for (const [nid, { place, mode, nlink, names, subdirectories }] of inodes) {
    const expected = (mode & S_IFMT) === S_IFDIR ? 2 + subdirectories : names;
    if (nlink === expected || nlink === 0) continue;
    const message = `inode ${nidName(nid)}: ${nlink} links, ${expected} were found`;
    findings.add('nlink-mismatch', { place, nid }, message, inodeOffset(session, nid));
  }
}
