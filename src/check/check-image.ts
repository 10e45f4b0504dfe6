/** The whole check: a list of checks, each over what the ones before it learnt. */
import type { OpenedImage } from '../open.js';
import { checkCompression } from './compression-check.js';
import { checkCounts } from './count-check.js';
import { checkDevices } from './device-check.js';
import type { Findings } from './finding.js';
import { checkOverlaps } from './overlap-check.js';
import { checkPclusters } from './pcluster-check.js';
import { checkProofs } from './proof-check.js';
import { type CheckProgress, Session, type Totals } from './session.js';
import { checkSpecialInodes } from './special-inode-check.js';
import { checkTree } from './tree-check.js';
import { checkXattrPrefixes } from './xattr-prefix-check.js';

/** Adds what it finds to the session; rejects only where bytes could not be fetched. */
type Check = (session: Session) => void | Promise<void>;

const CHECKS: readonly Check[] = [
  checkProofs,
  checkDevices,
  checkCompression,
  checkXattrPrefixes,
  checkSpecialInodes,
  checkTree,
  checkCounts,
  checkOverlaps,
  checkPclusters,
];

/**
 * Finds all that is wrong with an opened image, and gives what was looked at. `progress` is called often.
 * Rejects where a source fails: then the image could not be checked.
 */
export async function checkImage(
  opened: OpenedImage,
  findings: Findings,
  progress: (progress: CheckProgress) => void = () => {},
): Promise<Totals> {
  const session = new Session(opened, findings, progress);
  for (const check of CHECKS) await check(session);
  return session.totals;
}
