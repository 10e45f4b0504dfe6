/** The sizes of the image and its devices against what the superblock and the device table say (erofs-format §7). */
import { WHOLE_IMAGE } from './finding.js';
import type { Session } from './session.js';

export function checkDevices({ image, findings }: Session): void {
  const { blocks, blockSize, devices } = image.geometry;
  const { sizes } = image.bytes;
  if (blocks * blockSize > sizes[0]!) {
    const message = `the image has ${sizes[0]} bytes, its superblock says ${blocks * blockSize}`;
    findings.add('truncated', WHOLE_IMAGE, message, sizes[0]);
  }
  /** each device's blocks in the linear space that uniaddr speaks of */
  const spans = [{ name: 'the image itself', start: 0, end: blocks }];
  for (const [slot, { blocks, uniaddr }] of devices.entries()) {
    const name = `device ${slot + 1}`;
    const size = sizes[slot + 1];
    // The last block of a blob need not be padded.
    if (size !== undefined && (blocks - 1) * blockSize >= size) {
      const message = `${name} has ${size} bytes, the device table says ${blocks} blocks of ${blockSize}`;
      findings.add('device-truncated', WHOLE_IMAGE, message);
    }
    if (uniaddr === 0) continue;
    const span = { name, start: uniaddr, end: uniaddr + blocks };
    for (const other of spans) {
      if (span.start >= other.end || other.start >= span.end) continue;
      const message = `${name} is mapped at blocks ${span.start} to ${span.end}, where ${other.name} has ${other.start} to ${other.end}`;
      findings.add('device-overlap', WHOLE_IMAGE, message);
    }
    spans.push(span);
  }
}
