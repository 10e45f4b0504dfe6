/** Two trees side by side: both are read directory by directory, in the order of their names. */
import { escapeBytes } from '../commands/escape.js';
import { isDirectory, isRegular, isSymlink, typeName } from '../commands/mode-string.js';
import { DEPTH_LIMIT, WalkError } from '../commands/walk.js';
import { attrChanges, type Difference, type FieldChange, xattrChanges } from './difference.js';
import type { Side, SideEntry } from './side.js';

/** What was compared so far. */
export interface Compared {
  /** that both sides have */
  names: number;
  /** of each side */
  bytes: number;
}

export interface CompareOptions {
  /** times of modification, too */
  readonly times: boolean;
  /** hears what could not be compared; the rest goes on */
  readonly problem: (path: Uint8Array, error: unknown) => void;
  readonly found: (difference: Difference) => void | Promise<void> | undefined;
  /** hears often how far it is; lent */
  readonly compared?: (totals: Compared) => void;
}

/** Returns the number of differences. Of a directory that one side alone has, what is below is not looked at. */
export async function compareTrees(left: Side, right: Side, options: CompareOptions): Promise<number> {
  const comparison = new Comparison(left, right, options);
  await comparison.pair(await left.top(), await right.top(), 0);
  return comparison.count;
}

class Comparison {
  count = 0;
  readonly #compared: Compared = { names: 0, bytes: 0 };
  readonly #left: Side;
  readonly #right: Side;
  readonly #options: CompareOptions;

  constructor(left: Side, right: Side, options: CompareOptions) {
    this.#left = left;
    this.#right = right;
    this.#options = options;
  }

  async pair(left: SideEntry, right: SideEntry, depth: number): Promise<void> {
    this.#compared.names++;
    this.#options.compared?.(this.#compared);
    let fields: NonNullable<Difference['fields']> = {};
    try {
      fields = await this.#changes(left, right);
    } catch (error) {
      this.#options.problem(left.path, error);
    }
    if (Object.keys(fields).length > 0) await this.#tell(right, 'changed', fields);
    if (isDirectory(left.attr.mode) && isDirectory(right.attr.mode))
      await this.#below(left, right, depth + 1);
  }

  async #below(left: SideEntry, right: SideEntry, depth: number): Promise<void> {
    const { problem } = this.#options;
    let lefts: SideEntry[];
    let rights: SideEntry[];
    try {
      // an image may have a directory in itself
      if (depth > DEPTH_LIMIT)
        throw new WalkError('too-deep', `directories are nested deeper than ${DEPTH_LIMIT} levels`);
      lefts = await this.#left.content(left, problem);
      rights = await this.#right.content(right, problem);
    } catch (error) {
      problem(left.path, error);
      return;
    }
    for (let i = 0, j = 0; i < lefts.length || j < rights.length; ) {
      const [one, other] = [lefts[i], rights[j]];
      const order = one === undefined ? 1 : other === undefined ? -1 : Buffer.compare(one.name, other.name);
      if (order < 0) await this.#tell(one!, 'removed');
      else if (order > 0) await this.#tell(other!, 'added');
      else await this.pair(one!, other!, depth);
      if (order <= 0) i++;
      if (order >= 0) j++;
    }
  }

  async #changes(left: SideEntry, right: SideEntry): Promise<NonNullable<Difference['fields']>> {
    const fields: Record<string, FieldChange | { first_difference: number }> = attrChanges(
      left,
      right,
      this.#options.times,
    );
    if ('type' in fields) return fields;
    const { mode, size } = left.attr;
    Object.assign(fields, xattrChanges(await this.#left.xattrs(left), await this.#right.xattrs(right)));
    if (isSymlink(mode)) {
      const [one, other] = [await this.#left.target(left), await this.#right.target(right)];
      if (Buffer.compare(one, other) !== 0) fields.target = [escapeBytes(one), escapeBytes(other)];
    } else if (isRegular(mode) && size > 0 && size === right.attr.size) {
      const at = await this.#firstDifference(left, right);
      if (at !== undefined) fields.content = { first_difference: at };
    }
    return fields;
  }

  /** The first byte that differs, where sizes are equal. */
  async #firstDifference(left: SideEntry, right: SideEntry): Promise<number | undefined> {
    const mark = await this.#left.mark(left);
    if (mark !== undefined && mark === (await this.#right.mark(right))) return undefined;
    const others = this.#right.pieces(right);
    let offset = 0;
    try {
      for await (const piece of this.#left.pieces(left)) {
        const { value: other = new Uint8Array(0) } = await others.next();
        if (Buffer.compare(piece, other) !== 0) return offset + firstUnequal(piece, other);
        offset += piece.length;
        this.#compared.bytes += piece.length;
        this.#options.compared?.(this.#compared);
      }
      return undefined;
    } finally {
      await others.return(undefined);
    }
  }

  async #tell(entry: SideEntry, change: Difference['change'], fields?: Difference['fields']): Promise<void> {
    this.count++;
    const { path, attr } = entry;
    await this.#options.found({ path, change, type: typeName(attr.mode), ...(fields && { fields }) });
  }
}

function firstUnequal(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) if (left[i] !== right[i]) return i;
  return length;
}
