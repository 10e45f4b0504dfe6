/** An image summary as lines for people. */
import type { ImageSummary } from './image-summary.js';

const LABEL_WIDTH = 14;
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function summaryText(image: string, summary: ImageSummary): string[] {
  const { features, devices } = summary;
  const lines: [string, string][] = [
    ['image', image],
    ['volume name', summary.volume_name === '' ? '(none)' : JSON.stringify(summary.volume_name)],
    ['UUID', summary.uuid],
    ['built', new Date(summary.build_time * 1000).toISOString()],
    ['blocks', `${summary.blocks} of ${summary.block_size} bytes (${sizeText(summary.stored_bytes)})`],
    ['inodes', `${summary.inodes}, root is nid ${summary.root_nid}`],
    ['compatible', features.compatible.join(' ') || '(none)'],
    ['incompatible', features.incompatible.join(' ') || '(none)'],
    ...devices.map(({ tag, blocks, uniaddr }, i): [string, string] => [
      `device ${i + 1}`,
      `${blocks} blocks at ${uniaddr}${tag === '' ? '' : `, tag ${tag}`}`,
    ]),
    ['types', countsText(summary.types)],
    ['layouts', countsText(summary.layouts)],
    ...Object.entries(summary.algorithms).map(([name, total]): [string, string] => [
      name,
      `${total.pclusters} pclusters, ${sizeText(total.decoded_bytes)} in ${sizeText(total.encoded_bytes)} (${percent(total.encoded_bytes / total.decoded_bytes)})`,
    ]),
    [
      'file data',
      `${sizeText(summary.file_bytes)}: ${sizeText(summary.plain_bytes)} plain, ${sizeText(summary.hole_bytes)} holes, ${sizeText(summary.fragment_bytes)} in fragments`,
    ],
    ['ratio', summary.ratio === null ? '(no file data)' : `${percent(summary.ratio)} of the file data`],
  ];
  return lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${text}`);
}

function countsText(counts: Record<string, number>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < UNITS.length - 1; unit++) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`;
}
