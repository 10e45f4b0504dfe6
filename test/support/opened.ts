/** Fixtures opened with the reader itself, and what it shows of them in the form of the manifests. */
import { readFileSync } from 'node:fs';
import { ManifestReader } from '../../src/commands/manifest-entry.js';
import { startAt, walk } from '../../src/commands/walk.js';
import { S_IFMT, S_IFREG } from '../../src/erofs-reader/layout.js';
import { type OpenedImage, openImage } from '../../src/open.js';
import type { NodeId } from '../../src/tree/tree.js';
import { type Fixture, optionValues } from './fixture.js';

export function openFixture({ image, options }: Fixture): Promise<OpenedImage> {
  return openImage({
    image,
    offset: Number(optionValues(options, 'offset')[0] ?? 0),
    devices: optionValues(options, 'device'),
  });
}

/** A manifest by path, as the .json beside an image. Problems are thrown. */
export async function manifestOf(opened: OpenedImage): Promise<Record<string, unknown>> {
  const manifest: Record<string, unknown> = {};
  const fail = (path: Uint8Array, error: unknown) => {
    throw new Error(`${Buffer.from(path).toString()}: ${(error as Error).message}`, { cause: error });
  };
  const reader = new ManifestReader(opened, { digest: true }, fail);
  await walk(opened, await startAt(opened, opened.tree.root), {
    entry: async (entry) => {
      const { path, ...fields } = await reader.read(entry);
      manifest[path] = fields;
      return true;
    },
    problem: fail,
  });
  return manifest;
}

export function expectedManifest({ manifest }: Fixture): Record<string, unknown> {
  return JSON.parse(readFileSync(manifest, 'utf8'));
}

export interface FoundNode {
  readonly node: NodeId;
  readonly mode: number;
  readonly size: number;
  readonly path: string;
}

/** Every regular file that is not empty, once. */
export async function filesOf(opened: OpenedImage): Promise<FoundNode[]> {
  return (await nodesOf(opened)).filter(({ mode, size }) => (mode & S_IFMT) === S_IFREG && size > 0);
}

/** Every node of the tree, once, with its mode and size. */
export async function nodesOf(opened: OpenedImage): Promise<FoundNode[]> {
  const nodes = new Map<NodeId, FoundNode>();
  await walk(opened, await startAt(opened, opened.tree.root), {
    entry: ({ node, attr, path }) => {
      nodes.set(node, { node, mode: attr.mode, size: attr.size, path: Buffer.from(path).toString() });
      return true;
    },
    problem: (path, error) => {
      throw new Error(`${Buffer.from(path).toString()}: ${error.message}`, { cause: error });
    },
  });
  return [...nodes.values()];
}
