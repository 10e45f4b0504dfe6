/** One round over one image: what is compared stands side by side in it, for machines are never the same twice. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { devFuseRoot } from '../../test/support/front-end.js';
import { mount, remains } from '../../test/support/mounted.js';
import { describeRun, run } from '../../test/support/run.js';
import type { Scratch } from '../../test/support/scratch.js';
import { FILE_NAME, type LargeFileImage } from './images.js';

/** Milliseconds. */
export interface Round {
  /** `curl -o FILE` of the image */
  readonly download: number;
  /** the file through a mount whose cache is empty */
  readonly cold: number;
  /** the same through one whose cache has all of it, without a network; the files of the cache in the page cache */
  readonly warm: number;
  /** the same through a mount of the image as a local file, in the page cache as well */
  readonly local: number;
}

export async function round(scratch: Scratch, image: LargeFileImage, url: string): Promise<Round> {
  const file = scratch.file('downloaded');
  const download = await timed('curl', ['-sS', '--fail', '-o', file, url]);
  rmSync(file);
  const cache = scratch.folder('self', 'cache');
  const words = ['--hedge-after', '0', '--cache-dir', cache];
  const cold = await throughMount(scratch, url, words);
  await intoPageCache(cache);
  const warm = await throughMount(scratch, url, [...words, '--offline']);
  await intoPageCache(image.path);
  const local = await throughMount(scratch, image.path, []);
  rmSync(cache, { recursive: true });
  return { download, cold, warm, local };
}

/** Milliseconds of reading the file, the mount not counted. */
async function throughMount(scratch: Scratch, image: string, words: readonly string[]): Promise<number> {
  const { mountpoint, unmountFromOutside } = await mount(scratch, devFuseRoot, { image, words });
  const file = join(mountpoint, FILE_NAME);
  const taken = await timed('dd', [`if=${file}`, 'of=/dev/null', 'bs=1M', 'status=none']);
  await unmountFromOutside();
  // what has come is made durable before the daemon ends
  await remains(mountpoint);
  return taken;
}

/** All regular files below a path. */
async function intoPageCache(path: string): Promise<void> {
  const read = ['dd', 'if={}', 'of=/dev/null', 'bs=1M', 'status=none'];
  await timed('find', [path, '-type', 'f', '-exec', ...read, ';']);
}

async function timed(program: string, words: readonly string[]): Promise<number> {
  const start = performance.now();
  const ended = await run(program, words);
  const taken = performance.now() - start;
  if (ended.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${describeRun(ended)}`);
  return taken;
}
