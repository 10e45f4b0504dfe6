/** An image through the library alone, in the form of the manifests beside the fixtures. */
import { createHash } from 'node:crypto';
import { escapeBytes } from '../../src/commands/escape.js';
import type { Image, Stats } from '../../src/library/image.js';

/** Of every path, all that a manifest says but which names are one inode. */
export async function imageManifest(image: Image<Uint8Array>): Promise<Record<string, unknown>> {
  const manifest: Record<string, unknown> = {};
  for await (const { path, stats } of image.walk()) {
    manifest[escapeBytes(path)] = { ...plainFields(stats), ...(await typeFields(image, path, stats)) };
  }
  return manifest;
}

/** The same of a manifest as it is stored. */
export function withoutHardLinks(manifest: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(manifest as Record<string, Record<string, unknown>>).map(
      ([path, { same_inode_as: _, ...fields }]) => [path, fields],
    ),
  );
}

function plainFields({ mode, uid, gid, nlink, mtimeSeconds, mtimeNanoseconds }: Stats): object {
  const nanoseconds = BigInt(mtimeSeconds) * 1_000_000_000n + BigInt(mtimeNanoseconds);
  return { mode: mode.toString(8), uid, gid, nlink, mtime_ns: String(nanoseconds) };
}

async function typeFields(image: Image<Uint8Array>, path: Uint8Array, stats: Stats): Promise<object> {
  const { type, size, major, minor } = stats;
  const xattrs = await image.xattrs(path);
  return {
    ...((type === 'file' || type === 'symlink') && { size }),
    ...(type === 'file' && {
      sha256: createHash('sha256')
        .update(await image.readFile(path))
        .digest('hex'),
    }),
    ...(type === 'symlink' && { target: escapeBytes(await image.readlink(path)) }),
    ...((type === 'block-device' || type === 'character-device') && { rdev: [major, minor] }),
    ...(xattrs.length > 0 && {
      xattrs: Object.fromEntries(
        xattrs.map(({ name, value }) => [escapeBytes(name), Buffer.from(value).toString('hex')]),
      ),
    }),
  };
}
