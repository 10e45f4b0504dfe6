/** All that is known of one file: what stat, explain and dump tell, and its extended attributes. Each part that fails is a problem. */
import { escapeBytes } from '../commands/escape.js';
import { isDevice, isSymlink, modeString } from '../commands/mode-string.js';
import { quoteName } from '../commands/quote.js';
import { percent, sizeText } from '../commands/size-text.js';
import { timeToNanoseconds } from '../commands/time-string.js';
import { type Entry, startAt } from '../commands/walk.js';
import { xattrsOf } from '../commands/xattrs.js';
import type { OpenedImage } from '../open.js';
import { type Explanation, explainPart } from '../report/explanation.js';
import { inodeStructures } from '../report/inode-fields.js';
import type { NodeId } from '../tree/tree.js';
import type { ShownFile, ShownProblem } from './shapes.js';
import { shownProblem } from './shown-problem.js';

/** Extents that are sent at a time. */
const EXTENTS = 500;

type Fact = readonly [label: string, text: string];

/** Extents from number `first` on. Rejects where there is no such inode, or it cannot be read. */
export async function fileFacts(
  opened: OpenedImage,
  { node, path }: { readonly node: NodeId; readonly path: Uint8Array },
  first: number,
): Promise<ShownFile> {
  const entry = { ...(await startAt(opened, node)), path };
  const { layer, node: nid } = opened.origin(node);
  const problems: ShownProblem[] = [];
  const facts: Fact[] = [...statFacts(entry)];
  /** What `read` gives; where that fails, `otherwise` and a problem. */
  const part = async <T>(read: () => T | Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read();
    } catch (error) {
      problems.push(shownProblem(path, error));
      return otherwise;
    }
  };
  if (isSymlink(entry.attr.mode)) {
    const target = await part(() => opened.run(() => opened.tree.readlink(node)), undefined);
    if (target !== undefined) facts.push(['leads to', quoteName(target)]);
  }
  const wanted = { first, count: EXTENTS };
  const explained = await part(() => explainPart(opened, entry, path, wanted), undefined);
  if (explained !== undefined) facts.push(...storageFacts(explained.explanation));
  return {
    path: escapeBytes(path),
    name: quoteName(path),
    layer: opened.layers.indexOf(layer),
    facts,
    xattrs: await part(async () => {
      const xattrs = await xattrsOf(opened, node);
      return xattrs.map(({ name, value }) => [quoteName(name), quoteName(value)] as const);
    }, []),
    structures: await part(() => layer.run(() => inodeStructures(layer.image, layer.image.inode(nid))), []),
    extents: explained?.explanation.extents ?? [],
    extent_count: explained?.extentCount ?? 0,
    problems,
  };
}

function statFacts({ attr }: Entry): Fact[] {
  const { mode, size, nlink, uid, gid, ino, major, minor, mtimeSeconds, mtimeNanoseconds } = attr;
  const permissions = (mode & 0o7777).toString(8).padStart(4, '0');
  return [
    ['size', bytes(size)],
    ['mode', `${modeString(mode)} (${permissions})`],
    ['owner and group', `${uid}:${gid}`],
    ['links', String(nlink)],
    ['modified', timeToNanoseconds(mtimeSeconds, mtimeNanoseconds)],
    ['st_ino', String(ino)],
    ...(isDevice(mode) ? [['device', `${major},${minor}`] as const] : []),
  ];
}

function storageFacts(told: Explanation): Fact[] {
  const { ratio, chunk_size, object, remote, algorithms } = told;
  const parts = { hole: told.hole_bytes, plain: told.plain_bytes, inline: told.inline_bytes };
  const amounts = Object.entries({ ...parts, fragment: told.fragment_bytes }).filter(
    ([, amount]) => amount > 0,
  );
  return [
    ['nid', told.nid],
    ['inode', `${told.format}, ${told.layout}, in the ${told.inode_place} at ${told.inode_offset}`],
    ...(told.layer === undefined ? [] : [['layer', told.layer] as const]),
    ...(told.xattr_bytes > 0 ? [['xattr body', bytes(told.xattr_bytes)] as const] : []),
    ...(chunk_size === null ? [] : [['chunks of', bytes(chunk_size)] as const]),
    ['stored', `${bytes(told.stored_bytes)}${ratio === null ? '' : `, ${percent(ratio)}`}`],
    ...amounts.map(([kind, amount]) => [`${kind} data`, bytes(amount)] as const),
    ...Object.entries(algorithms).map(
      ([name, { pclusters, encoded_bytes: encoded, decoded_bytes: decoded }]) =>
        [name, `${pclusters} pclusters, ${bytes(encoded)} for ${bytes(decoded)}`] as const,
    ),
    ...(object === undefined ? [] : [['object', `${object.path} ${object.digest ?? ''}`.trim()] as const]),
    ...told.verified.map(({ blob, by }) => ['verified', `${by}: ${blob}`] as const),
    ...(remote === null
      ? []
      : [
          [
            'here',
            `${bytes(remote.cached_bytes)} of ${bytes(remote.bytes)}; ${remote.requests} requests for the rest`,
          ] as const,
        ]),
  ];
}

/** "12.3 KiB (12580)" */
const bytes = (amount: number): string => (amount < 1024 ? `${amount} B` : `${sizeText(amount)} (${amount})`);
