/** Images made by the system's mkfs.erofs from trees that the tests make. */
import { spawnSync } from 'node:child_process';
import type { Fixture } from './fixture.js';
import { program } from './paths.js';
import { noPython, pythonWords } from './python.js';
import { describeRun, run } from './run.js';
import type { Scratch } from './scratch.js';

const probe = spawnSync('mkfs.erofs', ['--version'], { encoding: 'utf8' });

export const noMkfs: string | undefined =
  noPython ?? (probe.error === undefined ? undefined : 'needs mkfs.erofs (erofs-utils)');

/** A random tree; the same seed gives the same tree. */
export async function makeTree(scratch: Scratch, seed: number): Promise<string> {
  const folder = scratch.folder('self', 'tree');
  const ended = await run(...pythonWords(program('make-tree.py'), folder, `${seed}`));
  if (ended.status !== 0) throw new Error(`make-tree.py ${seed}: ${describeRun(ended)}`);
  return folder;
}

/** Throws with mkfs.erofs's own words where it fails. */
export async function makeImage(
  scratch: Scratch,
  tree: string,
  options: readonly string[],
): Promise<Pick<Fixture, 'image' | 'options' | 'blockSize'>> {
  const image = scratch.file('made.erofs');
  const ended = await run('mkfs.erofs', [...options, image, tree], { limit: 120 });
  if (ended.status !== 0) throw new Error(`mkfs.erofs ${options.join(' ')}: ${describeRun(ended)}`);
  return { image, options: [], blockSize: 4096 };
}
