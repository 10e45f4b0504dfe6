/** The nodes below a root, each once, with what their inodes need to know of the tree. */
import { S_IFMT } from '../../src/erofs-reader/layout.js';
import { type Body, flat, inline } from './image-writer-body.js';
import { directoryBytes, directorySize, type NamedNid, sorted } from './image-writer-directory.js';
import { isDirectory, type NodeSpec, type Target } from './image-writer-node.js';

/** What a nid can be told of. */
export type Placed = Exclude<Target, { readonly to: unknown }>;

/** A node on its way to a place. */
export interface Draft {
  readonly node: NodeSpec;
  readonly body: Body;
  readonly nlink: number;
  /** byte address of the inode, once it has a place */
  offset: number;
  /** directories: gives the body its bytes, once every nid is known */
  readonly fill: (nidOf: (target: Placed) => bigint) => void;
}

interface Counted {
  readonly parent: NodeSpec;
  names: number;
  subdirectories: number;
}

const DOT = new Uint8Array([0x2e]);
const DOT_DOT = new Uint8Array([0x2e, 0x2e]);

const isNode = (target: Target): target is NodeSpec => !('toNid' in target || 'to' in target);

/** The root's draft comes first. */
export function draftsBelow(root: NodeSpec, blockSize: number): Draft[] {
  const counted = new Map<NodeSpec, Counted>([[root, { parent: root, names: 1, subdirectories: 0 }]]);
  for (const [node, { parent }] of counted) {
    if (node !== root && isDirectory(node)) counted.get(parent)!.subdirectories++;
    for (const [, target] of node.names?.entries ?? []) {
      if (!isNode(target)) continue;
      const known = counted.get(target);
      if (known !== undefined) known.names++;
      else counted.set(target, { parent: node, names: 1, subdirectories: 0 });
    }
  }
  return [...counted].map(([node, facts]) =>
    node.names === undefined ? leafDraft(node, facts.names) : directoryDraft(node, facts, root, blockSize),
  );
}

export function leafDraft(node: NodeSpec, nlink: number): Draft {
  return { node, body: node.body!, nlink, offset: 0, fill: () => {} };
}

function directoryDraft(
  node: NodeSpec,
  { parent, subdirectories }: Counted,
  root: NodeSpec,
  blockSize: number,
): Draft {
  const { entries, dotOmitted, inline: isInline, asGiven, edit } = node.names!;
  const above = { self: node, parent, root };
  const given = entries.map(([name, target]) => ({
    name,
    target: 'to' in target ? above[target.to] : target,
  }));
  const targets = asGiven
    ? given
    : sorted([
        ...(dotOmitted ? [] : [{ name: DOT, target: node }]),
        { name: DOT_DOT, target: parent },
        ...given,
      ]);
  const data = new Uint8Array(directorySize(targets, blockSize));
  return {
    node,
    body: isInline ? inline(data) : flat(data),
    nlink: 2 + subdirectories,
    offset: 0,
    fill: (nidOf) => {
      const names = targets.map(
        ({ name, target }): NamedNid => ({ name, nid: nidOf(target), type: typeOf(target) }),
      );
      data.set(directoryBytes(names, blockSize));
      edit?.(new DataView(data.buffer));
    },
  };
}

/** EROFS file types by S_IFMT >> 12: fifo, character, directory, block, regular, symlink, socket. */
const TYPES: Readonly<Record<number, number>> = { 1: 5, 2: 3, 4: 2, 6: 4, 8: 1, 10: 7, 12: 6 };

const typeOf = (target: Placed): number =>
  'toNid' in target ? (target.type ?? 0) : (TYPES[(target.mode & S_IFMT) >>> 12] ?? 0);
