/** `erofs ls --json`: one JSON object a line, in the order of the walk. */
import { ManifestReader } from './manifest-entry.js';
import { isDirectory } from './mode-string.js';
import type { OpenTree } from './open-tree.js';
import type { Output } from './output.js';
import type { Problems } from './problems.js';
import { type Entry, walk } from './walk.js';

export interface JsonListing {
  /** all below `start`, and `start` itself as "."; otherwise only its content, or itself where it is no directory */
  readonly recursive: boolean;
  /** with the SHA-256 of regular files */
  readonly digest: boolean;
}

export async function listJson(
  open: OpenTree,
  start: Entry,
  listing: JsonListing,
  output: Output,
  problems: Problems,
): Promise<void> {
  const manifest = new ManifestReader(open, listing, (path, error) => problems.at(path, error));
  await walk(open, start, {
    async entry(entry) {
      const passedOver = entry === start && !listing.recursive && isDirectory(start.attr.mode);
      if (!passedOver) await output.line(JSON.stringify(await manifest.read(entry)));
      return listing.recursive || entry === start;
    },
    problem: (path, error) => problems.at(path, error),
  });
}
