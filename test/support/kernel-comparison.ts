/** A mount of ours and the kernel's mount of the same image, seen by one foreign process. */
import type { Test } from 'tap';
import type { Fixture } from './fixture.js';
import { mountByKernel } from './kernel.js';
import { differences, type Fields, type Manifest } from './manifest.js';
import { program } from './paths.js';
import { observe } from './python.js';
import type { Scratch } from './scratch.js';

export type Observed = Record<string, { readonly tree: Manifest; readonly statvfs: Fields }>;

/** Asserts that stat, xattrs, targets, bytes, directory order, holes and statvfs are equal. */
export async function sameAsKernel(
  t: Test,
  scratch: Scratch,
  image: Pick<Fixture, 'image' | 'options'>,
  mountpoint: string,
): Promise<void> {
  const kernel = await mountByKernel(t, scratch, image);
  const seen = await observe<Observed>(program('observe.py'), [mountpoint, kernel.mountpoint]);
  const ours = seen[mountpoint]!;
  const theirs = seen[kernel.mountpoint]!;
  t.same(differences(ours.tree, theirs.tree), [], "every field equals the kernel's");
  t.same(ours.statvfs, theirs.statvfs, "statvfs equals the kernel's");
  await kernel.unmount();
}
