/** mkfs.erofs and mksquashfs: from a folder to an image, the same bytes each time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FEATURE_INCOMPAT } from '../../src/erofs-reader/layout.js';
import { openImage } from '../../src/open.js';
import { BenchError } from '../errors.js';
import { lineOf, run } from '../measure/program.js';
import { Content } from './content.js';
import type { Variant } from './variants.js';

const TIME = '1700000000';
const UUID = 'c1b9d5a2-f162-11cf-9ece-0020afc76f16';

/** What mkfs.erofs says it is; undefined where it is not here. Older ones do not know the option, and say it all the same. */
export const mkfsVersion = (): string | undefined => lineOf('mkfs.erofs', ['-V'], /^mkfs\.erofs .*\d/);

export const mksquashfsVersion = (): string | undefined => lineOf('mksquashfs', ['-version']);

/** Throws BenchError 'program-failed'. */
export async function makeErofs(folder: string, image: string, { erofs }: Variant): Promise<void> {
  const fixed = ['--quiet', `-T${TIME}`, `-U${UUID}`, '--all-root', '-x-1'];
  await run('mkfs.erofs', [...fixed, ...erofs, image, folder], { limit: 1800 });
}

/** Throws BenchError 'program-failed'. */
export async function makeSquashfs(folder: string, image: string, options: readonly string[]): Promise<void> {
  const fixed = ['-quiet', '-no-progress', '-all-root', '-no-xattrs', '-mkfs-time', TIME, '-all-time', TIME];
  await run('mksquashfs', [folder, image, ...options, ...fixed], { limit: 1800 });
}

/** Why this mkfs.erofs cannot make a variant, tried on two files in `folder`, which must be empty; undefined where it can. */
export async function erofsObstacle(folder: string, variant: Variant): Promise<string | undefined> {
  const version = mkfsVersion();
  if (version === undefined) return 'mkfs.erofs is not installed (Debian: erofs-utils)';
  const [tree, image] = [join(folder, 'tree'), join(folder, 'image')];
  mkdirSync(tree);
  const content = new Content(2).next(100_001);
  for (const name of ['one', 'two']) writeFileSync(join(tree, name), content);
  try {
    await makeErofs(tree, image, variant);
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    return `${version} does not make it (${error.message})`;
  }
  if (variant.packs && ((await featuresOf(image)) & FEATURE_INCOMPAT.FRAGMENTS) === 0) {
    return `${version} ignores ${variant.erofs.join(' ')}`;
  }
  return undefined;
}

async function featuresOf(image: string): Promise<number> {
  const opened = await openImage({ image });
  const { featureIncompat } = opened.image.geometry;
  opened.close();
  return featureIncompat;
}
