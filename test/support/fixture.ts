/** The images of test/fixtures/images: NAME.erofs, NAME.json (what a reader observes), NAME.options (what mount needs). */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { images } from './paths.js';

export interface Fixture {
  readonly name: string;
  readonly image: string;
  readonly manifest: string;
  /** -o words with absolute device paths, such as "offset=8192" */
  readonly options: readonly string[];
  /** bytes */
  readonly blockSize: number;
}

/** The value of every `name=value` among the options. */
export const optionValues = (options: readonly string[], name: string): string[] =>
  options.filter((word) => word.startsWith(`${name}=`)).map((word) => word.slice(name.length + 1));

/** `ls`, `cat` and the others take as --offset and --device what mount takes as -o words. */
export const asCommandOptions = (options: readonly string[]): string[] =>
  options.flatMap((word) => {
    const [name, value] = word.split('=') as [string, string];
    return [`--${name}`, value];
  });

export const asMountOptions = (options: readonly string[]): string[] =>
  options.length === 0 ? [] : ['-o', options.join(',')];

export const allFixtures: readonly Fixture[] = readdirSync(images)
  .filter((file) => file.endsWith('.erofs') && existsSync(join(images, file.replace(/erofs$/, 'json'))))
  .sort()
  .map((file) => fixtureOf(file.slice(0, -'.erofs'.length)));

/** An ordinary run takes every so many of them; one with FIXTURES=all takes all. */
export const someFixtures = (every: number): readonly Fixture[] =>
  allFixtures.filter((_, i) => i % every === 0 || process.env.FIXTURES === 'all');

/** Throws where the folder has no such image: a test that names one must not pass without it. */
export function fixture(name: string): Fixture {
  const found = allFixtures.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`${join(images, name)}.erofs: no such fixture`);
  return found;
}

function fixtureOf(name: string): Fixture {
  const image = join(images, `${name}.erofs`);
  const side = join(images, `${name}.options`);
  const options = (existsSync(side) ? readFileSync(side, 'utf8').trim().split(',') : []).map((word) =>
    word.startsWith('device=') ? `device=${join(images, word.slice('device='.length))}` : word,
  );
  const start = Number(optionValues(options, 'offset')[0] ?? 0);
  return {
    name,
    image,
    manifest: join(images, `${name}.json`),
    options,
    blockSize: blockSizeOf(image, start),
  };
}

/** blkszbits stands at byte 12 of the superblock, which starts 1024 bytes into the image. */
function blockSizeOf(image: string, start: number): number {
  const file = openSync(image, 'r');
  try {
    const bits = Buffer.alloc(1);
    readSync(file, bits, 0, 1, start + 1024 + 12);
    return 2 ** bits[0]!;
  } finally {
    closeSync(file);
  }
}
