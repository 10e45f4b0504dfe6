/** What `erofs verify` prints: findings as they are met, then what was checked and the verdict; or all of it as JSON. */
import { checkImage } from '../check/check-image.js';
import { type Finding, Findings } from '../check/finding.js';
import { openForCheck } from '../check/open-for-check.js';
import type { CheckProgress, Totals } from '../check/session.js';
import { hex, nidName } from '../erofs-reader/bytes.js';
import type { ImageSpec } from '../open.js';
import { counted } from './counted.js';
import { escapeBytes } from './escape.js';
import { byteString, Output } from './output.js';
import { type Drawn, openProgress } from './progress.js';
import { quoteName } from './quote.js';
import { sizeText } from './size-text.js';

export interface VerifyOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly limit: number;
}

/** `name` is what the user calls the image. Rejects where it could not be checked, and where output fails. */
export async function verify(name: string, spec: ImageSpec, options: VerifyOptions): Promise<Findings> {
  const output = new Output(process.stdout);
  const progress = await openProgress('checking', options.quiet, drawn);
  const found: Finding[] = [];
  const writes: Promise<void>[] = [];
  const findings = new Findings(options.limit, (finding) => {
    if (options.json) found.push(finding);
    if (options.json || options.quiet) return;
    const written = output.line(byteString(findingLine(name, finding)));
    if (written === undefined) return;
    // awaited below; until then nobody else may call it unhandled
    written.catch(() => {});
    writes.push(written);
  });
  const print = async (line: string): Promise<void> => {
    if (!options.quiet) await output.line(byteString(line));
    await output.flush();
  };
  let totals: Totals | undefined;
  try {
    const opened = await openForCheck(spec, findings);
    try {
      totals = opened && (await checkImage(opened, findings, (far) => progress.show(far)));
    } finally {
      opened?.close();
    }
  } finally {
    progress.clear();
    await Promise.all(writes);
    await output.flush();
  }
  await print(
    options.json ? JSON.stringify(report(name, findings, found, totals)) : verdict(name, findings, totals),
  );
  return findings;
}

function drawn({ totals: { inodes, pclusters, decodedBytes }, provenBytes }: CheckProgress): Drawn {
  const text =
    inodes === 0
      ? `${sizeText(provenBytes)} held against the proof`
      : `${counted(inodes, 'inode')}, ${counted(pclusters, 'pcluster')} (${sizeText(decodedBytes)} decoded)`;
  return { done: 0, total: 0, text };
}

function findingLine(image: string, { severity, path, nid, offset, message }: Finding): string {
  const where = [
    ...(nid === undefined ? [] : [`nid ${nidName(nid)}`]),
    ...(offset === undefined ? [] : [`offset ${hex(offset)}`]),
  ];
  const subject = path === undefined ? image : quoteName(path);
  const place = where.length === 0 ? '' : ` (${where.join(', ')})`;
  return `${subject}: ${severity === 'warning' ? 'warning: ' : ''}${message}${place}`;
}

function verdict(image: string, findings: Findings, totals: Totals | undefined): string {
  const { errors, warnings, unreported } = findings;
  const left = unreported > 0 ? ` (${unreported} not printed)` : '';
  const found =
    errors + warnings === 0 ? 'clean' : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}${left}`;
  if (totals === undefined) return `${image}: cannot be opened: ${found}`;
  const { inodes, directories, extents, xattrs, pclusters, decodedBytes } = totals;
  return (
    `${image}: checked ${inodes} inodes, ${directories} directories, ${xattrs} xattrs, ${extents} extents, ` +
    `${pclusters} pclusters (${decodedBytes} bytes decoded): ${found}`
  );
}

/** The JSON form, as the manual describes it. */
function report(
  image: string,
  findings: Findings,
  found: readonly Finding[],
  totals: Totals | undefined,
): object {
  const { errors, warnings, unreported } = findings;
  return {
    image,
    clean: errors === 0,
    errors,
    warnings,
    unreported,
    checked: totals === undefined ? null : checkedJson(totals),
    findings: found.map(({ severity, code, path, nid, offset, message }) => ({
      severity,
      code,
      path: path === undefined ? null : escapeBytes(path),
      nid: nid === undefined ? null : nidName(nid),
      offset: offset ?? null,
      message,
    })),
  };
}

function checkedJson({ decodedBytes, ...counts }: Totals): object {
  return { ...counts, decoded_bytes: decodedBytes };
}
