/** An image summary as lines for people: one fact a line, and none for what the image does not have. */

import { type Guarantee, guaranteeText } from '../layers/guarantee.js';
import { type Proof, proofText } from '../proof/proof-spec.js';
import type { AlgorithmTotal } from './extent-totals.js';
import type { ImageSummary } from './image-summary.js';
import { quoteName } from './quote.js';
import { percent, sizeText } from './size-text.js';
import type { CompressionSummary } from './superblock-summary.js';
import { timeToSeconds } from './time-string.js';

type Line = readonly [label: string, text: string];

const LABEL_WIDTH = 14;

/** `guarantees`: see OpenedLayer. */
export function summaryText(
  image: string,
  summary: ImageSummary,
  guarantees: readonly (Guarantee | undefined)[] = [],
): string[] {
  const lines: readonly Line[] = [
    ['image', image],
    ...identity(summary),
    ...superblock(summary),
    ['types', countsText(summary.types)],
    ['layouts', countsText(summary.layouts)],
    ...optional('indexes', countsText(summary.indexes)),
    ...algorithms('', summary.algorithms),
    ...algorithms('metabox ', summary.metabox_algorithms),
    [
      'file data',
      `${sizeText(summary.file_bytes)}: ${sizeText(summary.plain_bytes)} plain, ${sizeText(summary.hole_bytes)} holes, ${sizeText(summary.fragment_bytes)} in fragments`,
    ],
    ...summary.proofs.map((proof, device): Line => {
      const text = proofLine(proof, guarantees[device]);
      return ['verified', summary.proofs.length === 1 ? text : `${proof.blob}: ${text}`];
    }),
    ['ratio', summary.ratio === null ? '(no file data)' : `${percent(summary.ratio)} of the file data`],
  ];
  return lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${text}`);
}

function identity(summary: ImageSummary): Line[] {
  const { volume_name, build_time, epoch, blocks, primary_blocks } = summary;
  const elsewhere = blocks - primary_blocks;
  return [
    ['volume name', volume_name === '' ? '(none)' : quoteName(Buffer.from(volume_name))],
    ['UUID', summary.uuid],
    ['built', timeToSeconds(build_time)],
    ...optional('epoch', epoch === build_time ? '' : timeToSeconds(epoch)),
    [
      'blocks',
      `${blocks} of ${summary.block_size} bytes (${sizeText(summary.stored_bytes)})${elsewhere > 0 ? `, ${elsewhere} of them on extra devices` : ''}`,
    ],
    ['inodes', `${summary.inodes}, root is nid ${summary.root_nid}`],
  ];
}

function superblock(summary: ImageSummary): Line[] {
  const { features, extension_slots, packed_nid, metabox_nid, metadata_offset, xattr_prefixes } = summary;
  const special = [
    packed_nid === null ? [] : `packed nid ${packed_nid}`,
    metabox_nid === null ? [] : `metabox nid ${metabox_nid}`,
  ].flat();
  return [
    ['checksum', summary.checksum ?? '(none)'],
    ['compatible', features.compatible.join(' ') || '(none)'],
    ['incompatible', features.incompatible.join(' ') || '(none)'],
    ...optional('slots', extension_slots === 0 ? '' : `${extension_slots} of 16 bytes`),
    ...optional('metadata', metadata_offset === 0 ? '' : `nid 0 at byte ${metadata_offset}`),
    ...optional('special', special.join(', ')),
    ...summary.devices.map(
      ({ tag, blocks, uniaddr }, i): Line => [
        `device ${i + 1}`,
        `${blocks} blocks at ${uniaddr}${tag === '' ? '' : `, tag ${quoteName(Buffer.from(tag, 'latin1'))}`}`,
      ],
    ),
    ...optional('compression', summary.compression.map(compressionText).join(', ')),
    ...optional(
      'xattr names',
      xattr_prefixes === null
        ? ''
        : `long prefixes in the ${xattr_prefixes.place}: ${xattr_prefixes.prefixes.map((prefix) => prefix ?? '(hidden)').join(' ')}`,
    ),
  ];
}

function optional(label: string, text: string): Line[] {
  return text === '' ? [] : [[label, text]];
}

function compressionText({ algorithm, window_bytes, max_pcluster_bytes }: CompressionSummary): string {
  const largest = max_pcluster_bytes === null ? '' : `, pclusters to ${sizeText(max_pcluster_bytes)}`;
  return `${algorithm} (window ${sizeText(window_bytes)}${largest})`;
}

function algorithms(prefix: string, totals: Readonly<Record<string, AlgorithmTotal>>): Line[] {
  return Object.entries(totals).map(([name, { pclusters, decoded_bytes, encoded_bytes }]) => [
    `${prefix}${name}`,
    `${pclusters} pclusters, ${sizeText(decoded_bytes)} in ${sizeText(encoded_bytes)} (${percent(encoded_bytes / decoded_bytes)})`,
  ]);
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function proofLine(proof: Proof, guarantee: Guarantee = 'none'): string {
  if (proof.kind !== 'none') return proofText(proof);
  return guarantee === 'none' ? 'not at all' : guaranteeText(guarantee).replace(/^verified /, '');
}
