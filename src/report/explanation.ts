/** How one file is stored, from its inode to the bytes on each device. */
import { escapeBytes } from '../commands/escape.js';
import { typeName } from '../commands/mode-string.js';
import type { Entry } from '../commands/walk.js';
import { type ByteRange, nidName } from '../erofs-reader/bytes.js';
import type { Inode } from '../erofs-reader/inode.js';
import {
  ALGORITHM_NAMES,
  COMPACT_INODE_SIZE,
  EXTENDED_INODE_SIZE,
  LAYOUT_NAMES,
} from '../erofs-reader/layout.js';
import { planRead } from '../erofs-reader/plan.js';
import { guaranteeText } from '../layers/guarantee.js';
import type { OpenedImage, OpenedLayer } from '../open.js';
import { proofText } from '../proof/proof-spec.js';
import { ObjectsTree } from '../tree/objects-tree.js';
import { type ExtentObject, extentObject } from './extent-object.js';
import { extentsOf, hasData, type StoredExtent } from './extents.js';
import { chunkSize } from './inode-fields.js';
import { type RemoteCost, remoteCost } from './remote-cost.js';
import { UsageCounter } from './usage.js';

/** Of the pclusters of one algorithm. */
export interface AlgorithmShare {
  pclusters: number;
  encoded_bytes: number;
  decoded_bytes: number;
}

/** An extent, and of a fragment the extents of the packed inode that hold it. */
export interface ExplainedExtent extends ExtentObject {
  readonly within?: readonly ExtentObject[];
}

/** The form of --json. Bytes. */
export interface Explanation {
  /** percent-escaped */
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly links: number;
  /** which of several layers shows it */
  readonly layer?: string;
  readonly nid: string;
  readonly format: 'compact' | 'extended';
  readonly layout: string;
  readonly inode_place: 'image' | 'metabox';
  readonly inode_offset: number;
  readonly inode_bytes: number;
  readonly xattr_bytes: number;
  readonly chunk_size: number | null;
  /** where its bytes are, of a file that has none in the image: percent-escaped, within an object store */
  readonly object?: { readonly path: string; readonly digest: string | null };
  /** as `erofs du` counts: data, inode and attributes */
  readonly stored_bytes: number;
  /** stored_bytes / size; null for what is empty, and for objects */
  readonly ratio: number | null;
  readonly hole_bytes: number;
  readonly plain_bytes: number;
  readonly inline_bytes: number;
  readonly fragment_bytes: number;
  readonly algorithms: Readonly<Record<string, AlgorithmShare>>;
  /** by blob that it lies on, the image first */
  readonly verified: readonly { readonly blob: string; readonly by: string }[];
  /** of a read of the whole file; null where all of the layer is local */
  readonly remote: RemoteCost | null;
  readonly extents: readonly ExplainedExtent[];
}

/** Which extents are wanted, by their numbers: a long file has millions. */
export interface WantedExtents {
  readonly first: number;
  readonly count: number;
}

const ALL: WantedExtents = { first: 0, count: Number.POSITIVE_INFINITY };

/** Rejects as reading the inode and its index does. */
export async function explain(opened: OpenedImage, entry: Entry, path: Uint8Array): Promise<Explanation> {
  return (await explainPart(opened, entry, path, ALL)).explanation;
}

/** As explain(), with some of the extents, and how many there are. */
export async function explainPart(
  opened: OpenedImage,
  { node, attr }: Entry,
  path: Uint8Array,
  wanted: WantedExtents,
): Promise<{ readonly explanation: Explanation; readonly extentCount: number }> {
  const { layer, node: nid } = opened.origin(node);
  const { image } = layer;
  const inode = await layer.run(() => image.inode(nid));
  const usage = await new UsageCounter(opened).count(node);
  const headSize = inode.extended ? EXTENDED_INODE_SIZE : COMPACT_INODE_SIZE;
  const object = await objectOf(layer, inode);
  const data = new ExplainedData(wanted);
  if (object === undefined && hasData(inode)) await data.add(layer, inode);
  const stored = usage.data + usage.metadata;
  const explanation: Explanation = {
    path: escapeBytes(path),
    type: typeName(attr.mode),
    size: attr.size,
    links: attr.nlink,
    ...(opened.layers.length > 1 && { layer: layer.name }),
    nid: nidName(nid),
    format: inode.extended ? 'extended' : 'compact',
    layout: LAYOUT_NAMES[inode.layout],
    inode_place: inode.inMetabox ? 'metabox' : 'image',
    inode_offset: inode.xattrOffset - headSize,
    inode_bytes: headSize,
    xattr_bytes: inode.xattrSize,
    chunk_size: chunkSize(image, inode) ?? null,
    ...(object !== undefined && { object }),
    stored_bytes: stored,
    ratio: attr.size === 0 || object !== undefined ? null : stored / attr.size,
    ...data.sums,
    algorithms: data.algorithms,
    verified: verifiedBy(layer, data.ranges),
    remote: remoteCost(layer, data.ranges) ?? null,
    extents: data.extents,
  };
  return { explanation, extentCount: data.count };
}

class ExplainedData {
  readonly sums = { hole_bytes: 0, plain_bytes: 0, inline_bytes: 0, fragment_bytes: 0 };
  readonly algorithms: Record<string, AlgorithmShare> = {};
  /** those that are wanted */
  readonly extents: ExplainedExtent[] = [];
  /** what a read of all of it takes of the devices; neighbours are joined */
  readonly ranges: ByteRange[] = [];
  readonly #wanted: WantedExtents;
  #count = 0;

  constructor(wanted: WantedExtents) {
    this.#wanted = wanted;
  }

  /** of all extents */
  get count(): number {
    return this.#count;
  }

  async add(layer: OpenedLayer, inode: Inode): Promise<void> {
    for await (const extents of extentsOf(layer, inode)) {
      for (const extent of extents) {
        if (extent.kind !== 'fragment') {
          this.#add(extent);
          this.#keep(() => extentObject(extent));
          continue;
        }
        this.sums.fragment_bytes += extent.length;
        const { image } = layer;
        const { start, length } = extent;
        const segments = await layer.run(() => planRead(image, image.data(inode), start, length));
        for (const segment of segments) this.#addRange(segment.extent);
        this.#keep(() => {
          const within = segments.map((segment) => extentObject(segment.extent));
          return { ...extentObject(extent), within };
        });
      }
    }
  }

  #keep(shown: () => ExplainedExtent): void {
    const { first, count } = this.#wanted;
    const number = this.#count++;
    if (number >= first && number < first + count) this.extents.push(shown());
  }

  #add(extent: StoredExtent): void {
    const { sums, algorithms } = this;
    this.#addRange(extent);
    if (extent.kind === 'hole') sums.hole_bytes += extent.length;
    else if (extent.kind === 'raw') sums.plain_bytes += extent.length;
    else if (extent.kind === 'inline') sums.inline_bytes += extent.length;
    else {
      const name = ALGORITHM_NAMES[extent.algorithm];
      algorithms[name] ??= { pclusters: 0, encoded_bytes: 0, decoded_bytes: 0 };
      const share = algorithms[name];
      share.pclusters++;
      share.encoded_bytes += extent.encodedLength;
      share.decoded_bytes += extent.length;
    }
  }

  #addRange(extent: StoredExtent): void {
    if (extent.kind === 'hole') return;
    if (extent.kind === 'raw') {
      this.#join(extent.device, extent.offset, extent.length);
    } else if (!extent.inMetabox || (extent.kind === 'coded' && extent.device !== undefined)) {
      const length = extent.kind === 'coded' ? extent.encodedLength : extent.length;
      const device = extent.kind === 'coded' ? (extent.device ?? 0) : 0;
      this.#join(device, extent.offset, length);
    }
  }

  #join(device: number, offset: number, length: number): void {
    const last = this.ranges.at(-1);
    const isNext = last !== undefined && last.device === device && last.offset + last.length === offset;
    if (isNext) this.ranges[this.ranges.length - 1] = { ...last, length: last.length + length };
    else this.ranges.push({ device, offset, length });
  }
}

async function objectOf(layer: OpenedLayer, { nid }: Inode): Promise<Explanation['object']> {
  const { tree } = layer;
  if (!(tree instanceof ObjectsTree)) return undefined;
  const place = await layer.run(() => tree.placeOf(nid));
  if (place === 'image') return undefined;
  const { digest: named } = place;
  const digest =
    named === undefined ? null : `${named.algorithm}:${Buffer.from(named.bytes).toString('hex')}`;
  return { path: place.path.map(escapeBytes).join('/'), digest };
}

/** The image itself, which has the inode, and the devices that the ranges lie on. */
function verifiedBy(layer: OpenedLayer, ranges: readonly ByteRange[]): { blob: string; by: string }[] {
  const devices = new Set([0, ...ranges.map(({ device }) => device)]);
  return [...devices]
    .sort((a, b) => a - b)
    .flatMap((device) => {
      const proof = layer.proofs[device];
      if (proof === undefined) return [];
      const guarantee = layer.guarantees[device];
      const isPlain = proof.kind === 'none' && guarantee !== undefined;
      return [{ blob: proof.blob, by: isPlain ? guaranteeText(guarantee) : proofText(proof) }];
    });
}
