/** An extent for people and programs. */

import { percent } from '../commands/size-text.js';
import { hex } from '../erofs-reader/bytes.js';
import type { Extent } from '../erofs-reader/extent.js';
import { ALGORITHM_NAMES } from '../erofs-reader/layout.js';

/** The form of --json. Bytes. */
export interface ExtentObject {
  /** of the file */
  readonly start: number;
  readonly length: number;
  readonly kind: 'hole' | 'plain' | 'inline' | 'pcluster' | 'fragment';
  /** where `offset` counts; absent for holes */
  readonly place?: 'image' | 'device' | 'metabox' | 'packed inode';
  /** extra devices count from 1 */
  readonly device?: number;
  readonly offset?: number;
  /** pclusters alone */
  readonly algorithm?: string;
  readonly encoded_length?: number;
  /** the pcluster decodes to more than this extent */
  readonly partial?: boolean;
}

export function extentObject(extent: Extent): ExtentObject {
  const { start, length } = extent;
  switch (extent.kind) {
    case 'hole':
      return { start, length, kind: 'hole' };
    case 'raw':
      return { start, length, kind: 'plain', ...onDevice(extent.device), offset: extent.offset };
    case 'inline':
      return { start, length, kind: 'inline', ...inMetadata(extent.inMetabox), offset: extent.offset };
    case 'fragment':
      return { start, length, kind: 'fragment', place: 'packed inode', offset: extent.offset };
    case 'coded': {
      const { device, inMetabox, offset, algorithm, encodedLength, partial } = extent;
      return {
        ...{ start, length, kind: 'pcluster' },
        ...(device === undefined ? inMetadata(inMetabox) : onDevice(device)),
        ...{ offset, algorithm: ALGORITHM_NAMES[algorithm], encoded_length: encodedLength, partial },
      };
    }
  }
}

const onDevice = (device: number) =>
  device === 0 ? ({ place: 'image' } as const) : ({ place: 'device', device } as const);
const inMetadata = (inMetabox: boolean) => ({ place: inMetabox ? 'metabox' : 'image' }) as const;

/** "0x0 + 8192  LZ4 pcluster of 4096 bytes at 0x3000 (50.0 %)" */
export function extentText(extent: ExtentObject): string {
  const { start, length, kind, place, device, offset, algorithm, encoded_length: stored, partial } = extent;
  const span = `${hex(start).padStart(10)} + ${String(length).padEnd(8)}`;
  const where = place === 'image' ? '' : place === 'device' ? ` of device ${device}` : ` of the ${place}`;
  switch (kind) {
    case 'hole':
      return `${span} hole`;
    case 'pcluster': {
      const more = partial === true ? ', which has more than this' : '';
      return `${span} ${algorithm} pcluster of ${stored} bytes at ${hex(offset!)}${where} (${percent(stored! / length)})${more}`;
    }
    default:
      return `${span} ${kind} at ${hex(offset!)}${where}`;
  }
}
