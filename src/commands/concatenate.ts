/** The content of several files of an image, one after the other, into one output. */
import { PIECE_SIZE, readRange } from './content.js';
import { isDirectory, isRegular, typeName } from './mode-string.js';
import type { OpenTree } from './open-tree.js';
import { type Output, OutputError } from './output.js';
import { PathError, resolvePath } from './path.js';
import type { Problems } from './problems.js';
import { quoteName } from './quote.js';

/**
 * A file that cannot be read, or not wholly, becomes a problem, and the next one follows.
 * Rejects with OutputError where the output fails.
 */
export async function concatenate(
  open: OpenTree,
  paths: readonly Uint8Array[],
  output: Output,
  problems: Problems,
): Promise<void> {
  const buffer = new Uint8Array(PIECE_SIZE);
  for (const path of paths) {
    try {
      await writeFile(open, path, buffer, output);
    } catch (error) {
      if (error instanceof OutputError) throw error;
      // A PathError names the path itself.
      if (error instanceof PathError) problems.add(error);
      else problems.at(path, error);
    }
  }
}

async function writeFile(
  open: OpenTree,
  path: Uint8Array,
  buffer: Uint8Array,
  output: Output,
): Promise<void> {
  const node = await resolvePath(open, path, true);
  const { mode, size } = await open.run(() => open.tree.getattr(node));
  if (!isRegular(mode)) {
    const code = isDirectory(mode) ? 'is-directory' : 'not-regular';
    throw new PathError(
      code,
      `${quoteName(path)}: is a ${typeName(mode)}; only regular files have content to write`,
    );
  }
  await readRange(open, node, 0, size, buffer, (piece) => output.write(piece));
}
