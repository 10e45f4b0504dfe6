/** Linux's overlayfs over its erofs, with object stores as data-only layers: what mount.composefs mounts, and the oracle. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Test } from 'tap';
import type { Namespace } from './composefs.js';
import { mountByKernel, noKernel } from './kernel.js';
import { differences, type Fields, type Manifest, mapFields } from './manifest.js';
import { program } from './paths.js';
import { observe } from './python.js';
import { describeRun, run } from './run.js';
import type { Scratch } from './scratch.js';

/** Data-only layers, and then those that user.overlay.redirect leads to. */
const SINCE: Readonly<Record<Namespace, number>> = { trusted: 6.05, user: 6.16 };
const OPTIONS: Readonly<Record<Namespace, string>> = {
  trusted: 'metacopy=on,redirect_dir=on',
  user: 'userxattr',
};

export function noOverlay(namespace: Namespace): string | undefined {
  if (noKernel !== undefined) return noKernel;
  if (!/\boverlay$/m.test(readFileSync('/proc/filesystems', 'utf8'))) return 'this kernel has no overlay';
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major + minor / 100 >= SINCE[namespace]) return undefined;
  return `overlayfs of Linux ${release()} follows no ${namespace}.overlay.redirect to data-only layers`;
}

/** Asserts that our mount shows what overlayfs shows of the same image and stores. */
export async function sameAsOverlay(
  t: Test,
  scratch: Scratch,
  { image, stores, namespace }: { image: string; stores: readonly string[]; namespace: Namespace },
  mountpoint: string,
): Promise<void> {
  const lower = await mountByKernel(t, scratch, { image, options: [] });
  const overlay = scratch.folder('root', 'overlay');
  const words = `ro,${OPTIONS[namespace]},lowerdir=${[lower.mountpoint, ...stores].join('::')}`;
  const mounted = await run('mount', ['-t', 'overlay', '-o', words, 'overlay', overlay]);
  if (mounted.status !== 0) throw new Error(`mount -t overlay -o ${words}: ${describeRun(mounted)}`);
  const seen = await observe<Record<string, { tree: Manifest; statvfs: Fields }>>(program('observe.py'), [
    mountpoint,
    overlay,
  ]);
  t.ok(Object.keys(seen[overlay]!.tree).length > 5, 'overlayfs shows the image');
  t.same(
    differences(comparable(seen[mountpoint]!.tree), comparable(seen[overlay]!.tree)),
    [],
    "every field equals overlayfs's",
  );
  t.same(seen[mountpoint]!.statvfs, seen[overlay]!.statvfs, "statvfs equals overlayfs's");
  await run('umount', [overlay]);
  await lower.unmount();
}

/** Overlayfs sorts what it merges, and counts the blocks of the object rather than those of the inode. */
const comparable = (tree: Manifest): Manifest =>
  mapFields(tree, ({ order, blocks, ...fields }) => ({
    ...fields,
    ...(Array.isArray(order) ? { blocks, order: order.map(String).sort() } : {}),
  }));
