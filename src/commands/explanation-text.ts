/** How a file is stored, for people. */
import { hex } from '../erofs-reader/bytes.js';
import type { ExplainedExtent, Explanation } from '../report/explanation.js';
import { extentText } from '../report/extent-object.js';
import type { RemoteCost } from '../report/remote-cost.js';
import { counted } from './counted.js';
import { percent, sizeText } from './size-text.js';

const LABEL_WIDTH = 12;

/** `shown` is the path as people may see it; at most `limit` extents are listed. */
export function explanationText(explanation: Explanation, shown: string, limit: number): string[] {
  const { type, size, links, layer, layout, chunk_size, object, verified, remote, extents } = explanation;
  const lines: [string, string][] = [
    ['path', shown],
    ['type', `${type}, ${counted(size, 'byte')}, ${counted(links, 'link')}`],
    ['inode', inodeText(explanation)],
    ['layout', chunk_size === null ? layout : `${layout}, chunks of ${sizeText(chunk_size)}`],
    ...(layer === undefined ? [] : [['layer', layer] satisfies [string, string]]),
    ...(object === undefined
      ? []
      : [
          ['object', `${object.path}, fs-verity digest ${object.digest ?? 'not told'}`] satisfies [
            string,
            string,
          ],
        ]),
    ['stored', storedText(explanation)],
    ...sharesOf(explanation).map((text): [string, string] => ['', text]),
    ...verified.map(({ blob, by }): [string, string] => [
      'verified',
      verified.length === 1 ? by : `${blob}: ${by}`,
    ]),
    ...(remote === null ? [] : [['network', networkText(remote)] satisfies [string, string]]),
    ['extents', String(extents.length)],
  ];
  return [
    ...lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${text}`),
    ...extents.slice(0, limit).flatMap(extentLines),
    ...(extents.length > limit ? [`  and ${extents.length - limit} more; --extents N lists more`] : []),
  ];
}

function inodeText({
  nid,
  format,
  inode_bytes,
  inode_offset,
  inode_place,
  xattr_bytes,
}: Explanation): string {
  const place = inode_place === 'metabox' ? ' of the metabox' : '';
  const xattrs = xattr_bytes === 0 ? 'no attributes' : `${xattr_bytes} bytes of attributes`;
  return `nid ${nid}, ${format}, ${inode_bytes} bytes at ${hex(inode_offset)}${place}, ${xattrs}`;
}

function storedText({ stored_bytes, ratio }: Explanation): string {
  const share = ratio === null ? '' : `, ${percent(ratio)} of its size`;
  return `${sizeText(stored_bytes)}${share}, inode and attributes included`;
}

function sharesOf(explanation: Explanation): string[] {
  const { algorithms, plain_bytes, inline_bytes, fragment_bytes, hole_bytes } = explanation;
  const shares = Object.entries(algorithms).map(
    ([name, { pclusters, encoded_bytes, decoded_bytes }]) =>
      `${name}: ${sizeText(decoded_bytes)} in ${counted(pclusters, 'pcluster')} of ${sizeText(encoded_bytes)} (${percent(encoded_bytes / decoded_bytes)})`,
  );
  const others: [number, string][] = [
    [plain_bytes, 'plain'],
    [inline_bytes, 'behind the inode'],
    [fragment_bytes, 'in the packed inode'],
    [hole_bytes, 'of holes, which take nothing'],
  ];
  return [
    ...shares,
    ...others.flatMap(([bytes, what]) => (bytes === 0 ? [] : [`${sizeText(bytes)} ${what}`])),
  ];
}

function networkText({ bytes, cached_bytes, fetch_bytes, requests }: RemoteCost): string {
  if (fetch_bytes === 0) return `all of it is in the cache (${sizeText(bytes)} of chunks)`;
  return `${sizeText(cached_bytes)} of ${sizeText(bytes)} in the cache; a read of all of it fetches ${fetch_bytes} bytes in ${counted(requests, 'request')} or more`;
}

function extentLines(extent: ExplainedExtent): string[] {
  return [
    `  ${extentText(extent)}`,
    ...(extent.within ?? []).map((inner) => `      in ${extentText(inner).trim()}`),
  ];
}
