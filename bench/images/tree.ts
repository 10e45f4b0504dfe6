/** The generated tree of most scenarios: many small files in `small`, and one large one, `large`. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Content } from './content.js';

export interface TreeShape {
  /** small files: 100 bytes to 16 KiB, 3 KiB in the mean; one more symlink for each 50 */
  readonly files: number;
  /** bytes of the large file, a multiple of 1 MiB */
  readonly large: number;
}

export interface Tree {
  readonly folder: string;
  readonly shape: TreeShape;
}

/** Part of the recipe: to be raised by who changes a byte that is made here. */
export const TREE_VERSION = 1;
export const LARGE = 'large';

const FILES_PER_FOLDER = 50;
const FOLDERS_PER_FOLDER = 40;
const SMALLEST = 100;
const LARGEST = 16 << 10;
const PIECE = 1 << 20;
const ENDINGS = ['js', 'json', 'md', 'so', 'py', 'h', 'txt'];

/** The small file of a number, below the tree. */
export function smallFile(number: number): string {
  const folder = Math.floor(number / FILES_PER_FOLDER);
  const above = Math.floor(folder / FOLDERS_PER_FOLDER);
  return `small/group-${above}/module-${folder}/source-${number}.${ENDINGS[number % ENDINGS.length]}`;
}

/** Makes the tree in `folder`, which must not exist. */
export async function makeTree(folder: string, { files, large }: TreeShape): Promise<void> {
  const content = new Content(1);
  for (let number = 0; number < files; number++) {
    const path = join(folder, smallFile(number));
    if (number % FILES_PER_FOLDER === 0) {
      mkdirSync(join(path, '..'), { recursive: true });
      symlinkSync('..', join(path, '..', 'above'));
    }
    // as many between 100 and 1000 bytes as between 1000 and 10,000
    const share = content.random.below(1 << 16) / (1 << 16);
    writeFileSync(path, content.next(Math.round(SMALLEST * (LARGEST / SMALLEST) ** share)));
  }
  const file = await open(join(folder, LARGE), 'wx', 0o644);
  try {
    for (let at = 0; at < large; at += PIECE) await file.write(content.next(PIECE));
  } finally {
    await file.close();
  }
}
