/**
 * Opens an image as a mount does, and goes on where a mount stops: past a wrong checksum of the superblock, and
 * in an image that is shorter than it says. Both are findings.
 */
import type { Source } from '../cache/source.js';
import { hex } from '../erofs-reader/bytes.js';
import { crc32c } from '../erofs-reader/crc32c.js';
import { ErofsError } from '../erofs-reader/errors.js';
import {
  FEATURE_COMPAT,
  MAX_BLOCK_BITS,
  MIN_BLOCK_BITS,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_OFFSET,
} from '../erofs-reader/layout.js';
import { type ImageSpec, type OpenedImage, openImage, openSources } from '../open.js';
import { openSource } from '../open-source.js';
import { type Findings, WHOLE_IMAGE } from './finding.js';
import { isProofOfDamage } from './integrity.js';
import { MendedSource } from './mended-source.js';

/** Codes that say something about the image; any other means that it could not be checked. */
const DAMAGE = ['not-erofs', 'corrupt', 'truncated', 'undecodable'];

/** Length of the fields up to and with feature_compat and blkszbits. */
const HEAD_SIZE = 16;

/**
 * undefined where the image is too damaged to be opened, which is a finding as well.
 * Rejects as openImage() does for everything that is no damage: then the image cannot be checked.
 */
export async function openForCheck(spec: ImageSpec, findings: Findings): Promise<OpenedImage | undefined> {
  try {
    return await openImage({ ...spec, allowTruncated: true });
  } catch (error) {
    if (isProofOfDamage(error)) {
      findings.addError('integrity', WHOLE_IMAGE, error);
    } else if (!(error instanceof ErofsError) || !DAMAGE.includes(error.code)) {
      throw error;
    } else {
      return openPastChecksum(spec, findings, error);
    }
    return undefined;
  }
}

/** Nothing is proven from here on, and nothing needs to be: the verdict is damage already. */
async function openPastChecksum(
  spec: ImageSpec,
  findings: Findings,
  refusal: ErofsError,
): Promise<OpenedImage | undefined> {
  const sources: Source[] = [];
  try {
    const use = { verified: false, report: () => {} };
    for (const reference of [spec.image, ...(spec.devices ?? [])]) {
      sources.push((await openSource(reference, spec.remote, use)).source);
    }
    const mended = await mendChecksum(sources[0]!, spec.offset ?? 0, findings);
    if (mended === undefined) throw refusal;
    sources[0] = mended;
    return await openSources(sources, { ...spec, allowTruncated: true });
  } catch (error) {
    for (const source of sources) source.close();
    if (!(error instanceof ErofsError)) throw error;
    findings.addError('unopenable', WHOLE_IMAGE, error);
    return undefined;
  }
}

/** The source with the checksum that its bytes want, after a finding; undefined where the checksum is not what is wrong. */
export async function mendChecksum(
  source: Source,
  base: number,
  findings: Findings,
): Promise<Source | undefined> {
  const checksum = await wrongChecksum(source, base + SUPERBLOCK_OFFSET);
  if (checksum === undefined) return undefined;
  const message = `the superblock's checksum is ${hex(checksum.stored)}, its bytes want ${hex(checksum.actual)}`;
  findings.add('superblock-checksum', WHOLE_IMAGE, message, SUPERBLOCK_OFFSET + 4);
  const right = new Uint8Array(4);
  new DataView(right.buffer).setUint32(0, checksum.actual, true);
  return new MendedSource(source, right, checksum.offset);
}

interface WrongChecksum {
  /** where it stands in the source */
  readonly offset: number;
  readonly stored: number;
  readonly actual: number;
}

/** undefined where the checksum is right, is switched off, or where no superblock is (erofs-format §1). */
async function wrongChecksum(source: Source, start: number): Promise<WrongChecksum | undefined> {
  if (source.size < start + HEAD_SIZE) return undefined;
  const head = await viewOf(source, start, HEAD_SIZE);
  const blockBits = head.getUint8(12);
  if (head.getUint32(0, true) !== SUPERBLOCK_MAGIC) return undefined;
  if (!(head.getUint32(8, true) & FEATURE_COMPAT.SB_CHKSUM)) return undefined;
  if (blockBits < MIN_BLOCK_BITS || blockBits > MAX_BLOCK_BITS) return undefined;
  const blockSize = 2 ** blockBits;
  const length = blockSize > SUPERBLOCK_OFFSET ? blockSize - SUPERBLOCK_OFFSET : blockSize;
  if (source.size < start + length) return undefined;
  const covered = await viewOf(source, start, length);
  const stored = covered.getUint32(4, true);
  covered.setUint32(4, 0);
  const actual = crc32c(new Uint8Array(covered.buffer, covered.byteOffset, length));
  return actual === stored ? undefined : { offset: start + 4, stored, actual };
}

async function viewOf(source: Source, offset: number, length: number): Promise<DataView> {
  const [bytes] = await source.read([{ offset, length }]);
  return new DataView(Uint8Array.from(bytes!).buffer);
}
