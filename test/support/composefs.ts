/** Images whose files have their bytes in an object store, as composefs makes them, written by the tests themselves. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  DEFAULT_BLOCK_SIZE,
  emptyRoot,
  type FsVerityAlgorithm,
  fileDigest,
  fsVerityTree,
} from '../../src/verity/fs-verity.js';
import { TreeBuilder } from '../../src/verity/tree-builder.js';
import { hole } from './image-writer-body.js';
import {
  device,
  directory,
  type Entries,
  file,
  type NodeFields,
  type NodeSpec,
} from './image-writer-node.js';
import { XattrIndex, type XattrSpec, xattr } from './image-writer-xattr.js';
import { fixtures } from './paths.js';

/** Made by mkcomposefs: see test/fixtures/README.md. */
export const composefsFixture = {
  image: join(fixtures, 'composefs', 'image.erofs'),
  objects: join(fixtures, 'composefs', 'objects'),
  digest: 'sha256:1e80b0655829e3ad803fe1bd81b2a2840f5ecef2ee4f03f7fa488561e2b47d31',
} as const;

export type Namespace = 'trusted' | 'user';

/** NAMESPACE.overlay.NAME */
export const overlay = (
  name: string,
  value: Uint8Array | string,
  namespace: Namespace = 'trusted',
): XattrSpec => xattr(XattrIndex[namespace], `overlay.${name}`, value);

/** The fs-verity digest of a file: 4 KiB blocks, no salt. */
export function objectDigest(data: Uint8Array, algorithm: FsVerityAlgorithm = 'sha256'): Uint8Array {
  const parameters = { algorithm, blockSize: DEFAULT_BLOCK_SIZE, salt: new Uint8Array(0) };
  const tree = fsVerityTree(parameters, data.length);
  let root = emptyRoot(algorithm);
  if (tree !== undefined) {
    const builder = new TreeBuilder(tree);
    builder.add(data);
    root = builder.finish().root;
  }
  return fileDigest({ ...parameters, fileSize: data.length, root }).bytes;
}

/** The value of overlay.metacopy. */
export const metacopy = (digest: Uint8Array): Uint8Array =>
  Uint8Array.of(0, 4 + digest.length, 0, digest.length === 32 ? 1 : 2, ...digest);

export interface ExternalFields extends NodeFields {
  readonly algorithm?: FsVerityAlgorithm;
  /** false: overlay.metacopy is empty, as where composefs is told no digest */
  readonly proven?: boolean;
  readonly namespace?: Namespace;
}

/** The objects of an image, by their paths below the store: "ab/cdef...". */
export class ObjectSet {
  readonly data = new Map<string, Uint8Array>();

  /** A file of the image whose bytes are an object of this set. */
  file(data: Uint8Array, fields: ExternalFields = {}): NodeSpec {
    const { algorithm = 'sha256', proven = true, namespace = 'trusted', xattrs = [], ...rest } = fields;
    const digest = objectDigest(data, algorithm);
    const hex = Buffer.from(digest).toString('hex');
    const path = `${hex.slice(0, 2)}/${hex.slice(2)}`;
    this.data.set(path, data);
    return file(hole(data.length), {
      ...rest,
      xattrs: [
        overlay('metacopy', proven ? metacopy(digest) : '', namespace),
        overlay('redirect', `/${path}`, namespace),
        ...xattrs,
      ],
    });
  }

  save(store: string): void {
    for (const [path, data] of this.data) {
      mkdirSync(dirname(join(store, path)), { recursive: true });
      writeFileSync(join(store, path), data);
    }
  }
}

/** A root directory as composefs makes it: opaque, and a whiteout for every directory of the store. */
export function composefsRoot(entries: Readonly<Record<string, NodeSpec>>): NodeSpec {
  const whiteouts = Array.from({ length: 256 }, (_, byte) => [
    byte.toString(16).padStart(2, '0'),
    device('character', 0, 0),
  ]);
  const all: Entries = { ...Object.fromEntries(whiteouts), ...entries };
  return directory(all, { xattrs: [overlay('opaque', 'y')] });
}
