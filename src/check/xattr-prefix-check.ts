/** The table of long xattr prefixes: readable, and on base prefixes that exist (erofs-format §9.3). */
import { WHOLE_IMAGE } from './finding.js';
import type { Session } from './session.js';

/** user, the ACLs, trusted, lustre, security; 0 hides the attributes */
const LAST_BASE = 6;

export async function checkXattrPrefixes(session: Session): Promise<void> {
  const { image, findings } = session;
  const prefixes = await session.attempt('xattr-prefix-table', WHOLE_IMAGE, () => image.xattrPrefixes());
  session.xattrPrefixes = prefixes ?? [];
  for (const [number, { base }] of session.xattrPrefixes.entries()) {
    if (base <= LAST_BASE) continue;
    const message = `xattr prefix ${number}: base prefix ${base}, expected 0 to ${LAST_BASE}`;
    findings.add('xattr-prefix-table', WHOLE_IMAGE, message, image.geometry.xattrPrefixOffset);
  }
}
