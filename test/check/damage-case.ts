/** An image with one thing wrong, and the finding that it must be. */
import type { Source } from '../../src/cache/source.js';
import type { FindingCode } from '../../src/check/finding.js';
import { type ImageSpec, writeImage } from '../support/image-writer.js';
import { directory, file, type NodeSpec, symlink } from '../support/image-writer-node.js';

export interface DamagedImage {
  readonly source: Source;
  /** the extra devices */
  readonly devices?: readonly Source[];
  /** path of the finding; undefined where it belongs to the image as a whole */
  readonly path?: string;
  readonly nid?: number;
  readonly message: RegExp;
}

export interface DamageCase {
  readonly code: FindingCode;
  readonly what: string;
  readonly make: () => DamagedImage;
}

/** Adds cases to a list. */
export const addingTo =
  (cases: DamageCase[]) =>
  (code: FindingCode, what: string, make: () => DamagedImage): void => {
    cases.push({ code, what, make });
  };

/** An image of one file at /x among others, told of that file. */
export function ofFile(x: NodeSpec, message: RegExp, spec: Partial<ImageSpec> = {}): DamagedImage {
  const root = directory({ before: file('before'), x, y: symlink('before') });
  const image = writeImage({ root, metaBlock: 1, ...spec });
  return { source: image.bytes.source(), path: '/x', nid: image.nid(x), message };
}
