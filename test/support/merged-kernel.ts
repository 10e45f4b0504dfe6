/** Linux's overlayfs over its erofs, as the oracle for merged mounts, and what may differ from it. */
import { mkdirSync } from 'node:fs';
import type { Test } from 'tap';
import { noOverlay } from './composefs-kernel.js';
import type { Observed } from './kernel-comparison.js';
import { differences, type Fields, type Manifest } from './manifest.js';
import { program } from './paths.js';
import { observe } from './python.js';
import { describeRun, run } from './run.js';
import type { Scratch } from './scratch.js';

export const noMergedKernel = noOverlay('trusted');

/** Asserts that a mount of ours shows what overlayfs shows of the same images, the lowest first. */
export async function sameAsMergedByKernel(
  t: Test,
  scratch: Scratch,
  images: readonly string[],
  mountpoint: string,
): Promise<void> {
  const overlay = await mountOverlay(scratch, images);
  const seen = await observe<Observed>(program('observe.py'), [mountpoint, overlay.mountpoint]);
  const ours = seen[mountpoint]!;
  const theirs = seen[overlay.mountpoint]!;
  t.ok(Object.keys(theirs.tree).length > 5, 'overlayfs shows the images');
  t.same(differences(comparable(ours.tree), comparable(theirs.tree)), [], "every field equals overlayfs's");
  t.same(ours.statvfs, theirs.statvfs, "statvfs equals overlayfs's");
  await overlay.unmount();
}

/** Short names in one folder: the kernel takes a page of options. */
async function mountOverlay(scratch: Scratch, images: readonly string[]) {
  const folder = scratch.folder('root', 'overlay');
  const layers = images.map((_, number) => `${number}`);
  const must = async (...[name, ...words]: [string, ...string[]]) => {
    const ended = await run(name, words, { cwd: folder });
    if (ended.status !== 0) throw new Error(`${name} ${words.join(' ')}: ${describeRun(ended)}`);
  };
  for (const name of [...layers, 'merged']) mkdirSync(`${folder}/${name}`);
  for (const [number, image] of images.entries()) {
    await must('mount', '-i', '-t', 'erofs', '-o', 'ro,loop', image, `${number}`);
  }
  const options = `ro,metacopy=on,redirect_dir=on,xino=on,lowerdir=${layers.toReversed().join(':')}`;
  await must('mount', '-i', '-t', 'overlay', '-o', options, 'overlay', 'merged');
  return {
    mountpoint: `${folder}/merged`,
    unmount: async () => {
      await must('umount', 'merged');
      for (const name of layers) await must('umount', name);
    },
  };
}

/** Inode numbers need only say of the same names that they are one; names are listed in an order of each one's own. */
function comparable(tree: Manifest): Manifest {
  const first = new Map<unknown, string>();
  for (const path of Object.keys(tree).sort()) {
    const { ino } = tree[path]!;
    if (!first.has(ino)) first.set(ino, path);
  }
  return Object.fromEntries(
    Object.entries(tree).map(([path, { ino, order, ...fields }]) => [
      path,
      { ...fields, same: first.get(ino), ...(Array.isArray(order) && { names: namesOf(order) }) },
    ]),
  );
}

const namesOf = (order: readonly Fields[keyof Fields][]): string[] =>
  (order as [string, string, string][]).map(([name, , kind]) => `${name} ${kind}`).sort();
