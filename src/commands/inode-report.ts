/** What `erofs stat` tells of an inode: what stat(2) would, and where EROFS keeps it. */
import { nidName } from '../erofs-reader/bytes.js';
import type { Inode } from '../erofs-reader/inode.js';
import { LAYOUT_NAMES } from '../erofs-reader/layout.js';
import { xattrsOf } from './content.js';
import { ManifestReader } from './manifest-entry.js';
import { isDevice, isSymlink, modeString, typeName } from './mode-string.js';
import type { OpenTree } from './open-tree.js';
import { byteString, type Output } from './output.js';
import type { Problems } from './problems.js';
import { quoteName } from './quote.js';
import { timeToNanoseconds } from './time-string.js';
import type { Entry } from './walk.js';

/** What EROFS knows beyond stat(2). */
export interface InodeFacts {
  /** the inode's number in the image; "(metabox)" after it where that is its place */
  readonly nid: string;
  readonly format: 'compact' | 'extended';
  /** how the data is laid out */
  readonly layout: string;
  /** which of several layers shows it; absent where there is one */
  readonly layer?: string;
}

export function inodeFacts(inode: Inode, layer?: string): InodeFacts {
  return {
    ...(layer !== undefined && { layer }),
    nid: nidName(inode.nid),
    format: inode.extended ? 'extended' : 'compact',
    layout: LAYOUT_NAMES[inode.layout],
  };
}

/** One JSON object: the fields of `ls --json`, those of stat(2) that it lacks, and the facts. */
export async function printJson(
  open: OpenTree,
  entry: Entry,
  facts: InodeFacts,
  output: Output,
  problems: Problems,
): Promise<void> {
  const manifest = new ManifestReader(open, { digest: false }, (path, error) => problems.at(path, error));
  const { ino, size, blocks, blockSize } = entry.attr;
  const described = { ...(await manifest.read(entry)), size, ino, blocks, block_size: blockSize, ...facts };
  await output.line(JSON.stringify(described));
}

/** Lines like those of stat(1). */
export async function printText(
  open: OpenTree,
  entry: Entry,
  facts: InodeFacts,
  output: Output,
  problems: Problems,
): Promise<void> {
  const { attr, node } = entry;
  const { mode } = attr;
  const permissions = (mode & 0o7777).toString(8).padStart(4, '0');
  const device = isDevice(mode) ? `  Device type: ${attr.major},${attr.minor}` : '';
  const lines = [
    `  File: ${quoteName(entry.path)}`,
    `  Size: ${attr.size}  Blocks: ${attr.blocks}  IO Block: ${attr.blockSize}  ${typeName(mode)}`,
    ` Inode: ${attr.ino}  Links: ${attr.nlink}${device}`,
    `   Nid: ${facts.nid}  Format: ${facts.format}  Layout: ${facts.layout}`,
    ...(facts.layer === undefined ? [] : [` Layer: ${facts.layer}`]),
    `Access: (${permissions}/${modeString(mode)})  Uid: ${attr.uid}  Gid: ${attr.gid}`,
    `Modify: ${timeToNanoseconds(attr.mtimeSeconds, attr.mtimeNanoseconds)}`,
  ];
  try {
    if (isSymlink(mode)) lines[0] += ` -> ${quoteName(await open.run(() => open.tree.readlink(node)))}`;
    for (const { name, value } of await xattrsOf(open, node)) {
      lines.push(` Xattr: ${quoteName(name)}=${quoteName(value)}`);
    }
  } catch (error) {
    problems.at(entry.path, error);
  }
  for (const line of lines) await output.line(byteString(line));
}
