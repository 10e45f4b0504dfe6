/** `erofs ls` for people: names, or lines as ls -l writes them; with -R a section a directory. */
import type { Attr, NodeId } from '../tree/tree.js';
import { FileType } from '../tree/tree.js';
import { ColumnWidths, longColumns } from './long-line.js';
import { isDirectory, isSymlink } from './mode-string.js';
import { type Batch, type Name, namesAfter } from './names.js';
import type { OpenTree } from './open-tree.js';
import { byteString, byteStringOf, type Output } from './output.js';
import type { Problems } from './problems.js';
import { quoteName } from './quote.js';
import { type Entry, joinPath, refuseDirectory } from './walk.js';

export interface NameListing {
  readonly long: boolean;
  readonly recursive: boolean;
}

/** Lists what is in `start`, or `start` itself where it is no directory. Its path stands in headings and messages. */
export async function listNames(
  open: OpenTree,
  start: Entry,
  listing: NameListing,
  output: Output,
  problems: Problems,
): Promise<void> {
  const lister = new NameLister(open, listing, output, problems);
  if (!isDirectory(start.attr.mode)) await lister.listOne(start);
  else if (listing.recursive) await lister.listSections(start, 0);
  else await lister.listContent(start);
}

interface Place {
  readonly path: Uint8Array;
  readonly node: NodeId;
}

interface Row extends Place {
  readonly name: Uint8Array;
  readonly attr: Attr | undefined;
}

class NameLister {
  readonly #open: OpenTree;
  readonly #long: boolean;
  readonly #output: Output;
  readonly #problems: Problems;
  readonly #met = new Set<NodeId>();

  constructor(open: OpenTree, listing: NameListing, output: Output, problems: Problems) {
    this.#open = open;
    this.#long = listing.long;
    this.#output = output;
    this.#problems = problems;
  }

  async listOne(entry: Entry): Promise<void> {
    await this.#print([{ ...entry, name: entry.path }], new ColumnWidths());
  }

  /** The directory under a heading, then each directory in it, for which its names are read a second time. */
  async listSections(directory: Place, depth: number): Promise<void> {
    const refused = refuseDirectory(this.#met, directory.node, depth);
    if (refused !== undefined) {
      this.#problems.at(directory.path, refused);
      return;
    }
    if (depth > 0) await this.#output.line('');
    await this.#output.line(`${this.#shown(directory.path)}:`);
    await this.listContent(directory);
    for (let cookie: number | undefined = 0; cookie !== undefined; ) {
      // listContent() has met and reported the same error already.
      const batch: Batch | undefined = await namesAfter(this.#open, directory.node, cookie).catch(
        () => undefined,
      );
      for (const { name, node, type } of batch?.names ?? []) {
        if (type !== FileType.directory) continue;
        await this.listSections({ path: joinPath(directory.path, name), node }, depth + 1);
      }
      cookie = batch?.next;
    }
  }

  async listContent(directory: Place): Promise<void> {
    const widths = new ColumnWidths();
    for (let cookie: number | undefined = 0; cookie !== undefined; ) {
      let batch: Batch;
      try {
        batch = await namesAfter(this.#open, directory.node, cookie);
      } catch (error) {
        this.#problems.at(directory.path, error);
        return;
      }
      const rows: Row[] = [];
      for (const name of batch.names) rows.push(await this.#row(directory, name));
      await this.#print(rows, widths);
      cookie = batch.next;
    }
  }

  async #row(directory: Place, { name, node }: Name): Promise<Row> {
    const path = joinPath(directory.path, name);
    if (!this.#long) return { path, name, node, attr: undefined };
    try {
      const attr = await this.#open.run(() => this.#open.tree.getattr(node));
      return { path, name, node, attr };
    } catch (error) {
      this.#problems.at(path, error);
      return { path, name, node, attr: undefined };
    }
  }

  async #print(rows: readonly Row[], widths: ColumnWidths): Promise<void> {
    if (!this.#long) {
      for (const { name } of rows) await this.#output.line(this.#shown(name));
      return;
    }
    for (const { attr } of rows) widths.measure(longColumns(attr));
    for (const row of rows) {
      const target = await this.#target(row);
      await this.#output.line(`${widths.align(longColumns(row.attr))} ${this.#shown(row.name)}${target}`);
    }
  }

  /** " -> target" of a symbolic link. */
  async #target({ path, node, attr }: Row): Promise<string> {
    if (attr === undefined || !isSymlink(attr.mode)) return '';
    try {
      return ` -> ${this.#shown(await this.#open.run(() => this.#open.tree.readlink(node)))}`;
    } catch (error) {
      this.#problems.at(path, error);
      return ' -> ?';
    }
  }

  #shown(bytes: Uint8Array): string {
    return this.#output.isTerminal ? byteString(quoteName(bytes)) : byteStringOf(bytes);
  }
}
