/** A check of sources in memory: its findings with paths as text, and what was looked at. */
import type { Source } from '../../src/cache/source.js';
import { checkImage } from '../../src/check/check-image.js';
import { type Finding, Findings } from '../../src/check/finding.js';
import { mendChecksum } from '../../src/check/open-for-check.js';
import type { Totals } from '../../src/check/session.js';
import { openSources } from '../../src/open.js';

export type FindingText = Omit<Finding, 'path'> & { readonly path: string | undefined };

export interface Checked {
  readonly findings: readonly FindingText[];
  readonly errors: number;
  readonly warnings: number;
  readonly totals: Totals;
}

/** As openForCheck() and checkImage(), over sources: the image first, then its devices. Rejects where it does not open. */
export async function checked(sources: readonly Source[], limit = 1000): Promise<Checked> {
  const found: FindingText[] = [];
  const findings = new Findings(limit, (finding) => {
    const path = finding.path === undefined ? undefined : Buffer.from(finding.path).toString();
    found.push({ ...finding, path });
  });
  const [image, ...devices] = sources;
  const mended = (await mendChecksum(image!, 0, findings)) ?? image!;
  const opened = await openSources([mended, ...devices], { allowTruncated: true });
  try {
    const totals = await checkImage(opened, findings);
    return { findings: found, errors: findings.errors, warnings: findings.warnings, totals };
  } finally {
    opened.close();
  }
}
