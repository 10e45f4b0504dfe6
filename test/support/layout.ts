/** Container images in folders and archives: OCI layouts, and what `docker save` writes; archives are made by the system's tar. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Content, described, type ImageToPush, imageContent, sha256 } from './registry-push.js';
import type { Scratch } from './scratch.js';

/** What tools write beside an image of a layout. */
export const REF_NAME = 'org.opencontainers.image.ref.name';

export interface LayoutEntry extends ImageToPush {
  readonly name?: string;
  readonly platform?: object;
}

/** A layout of these images, and their manifests. */
export function makeLayout(
  scratch: Scratch,
  entries: readonly LayoutEntry[],
): { folder: string; manifests: Content[] } {
  const folder = scratch.folder('self', 'layout');
  const manifests = entries.map((entry) => {
    const { manifest, blobs } = imageContent(entry);
    for (const blob of [manifest, ...blobs]) put(folder, blobName(blob.digest), blob.bytes);
    return manifest;
  });
  const listed = entries.map(({ name, platform }, index) => ({
    ...described(manifests[index]!),
    ...(platform && { platform }),
    ...(name && { annotations: { [REF_NAME]: name } }),
  }));
  put(folder, 'oci-layout', '{"imageLayoutVersion":"1.0.0"}');
  put(folder, 'index.json', JSON.stringify({ schemaVersion: 2, manifests: listed }));
  return { folder, manifests };
}

/** Of a layout's file. */
export const blobName = (digest: string): string => `blobs/${digest.replace(':', '/')}`;

/** What older `docker save` writes, before it is an archive; the lowest layer is the uppermost as well, by a link. */
export function savedImage(
  scratch: Scratch,
  layers: readonly Uint8Array[],
  names: readonly string[] | null,
): string {
  const folder = scratch.folder('self', 'saved');
  layers.forEach((bytes, index) => {
    put(folder, `layer-${index}/layer.tar`, bytes);
  });
  mkdirSync(join(folder, 'twice'));
  symlinkSync('../layer-0/layer.tar', join(folder, 'twice/layer.tar'));
  const config = {
    os: 'linux',
    architecture: 'amd64',
    rootfs: { diff_ids: [...layers, layers[0]!].map(sha256) },
  };
  put(folder, 'config.json', JSON.stringify(config));
  const Layers = [...layers.map((_, index) => `layer-${index}/layer.tar`), 'twice/layer.tar'];
  put(folder, 'manifest.json', JSON.stringify([{ Config: 'config.json', RepoTags: names, Layers }]));
  return folder;
}

/** Makes the folders above it. */
export function put(folder: string, name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
}

/** What is in a folder; `parameters` are for tar. */
export function archive(scratch: Scratch, folder: string, ...parameters: readonly string[]): string {
  const path = scratch.file('image.tar');
  const { status, stderr } = spawnSync('tar', ['-cf', path, ...parameters, '-C', folder, '.'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return path;
}
