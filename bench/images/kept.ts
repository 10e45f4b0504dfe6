/**
 * What was made once and is kept for the next run: a path each recipe. A recipe is all that the bytes depend on; a change of
 * it is another path. Nothing half made is ever found under its path.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PARTIAL = /\.partial-(\d+)$/;

export class Kept {
  readonly folder: string;
  readonly #said: (line: string) => void;

  /** `said` is told what is being made. Removes what processes left that ended while they made it. */
  constructor(folder: string, said: (line: string) => void) {
    this.folder = folder;
    this.#said = said;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      const pid = PARTIAL.exec(name)?.[1];
      if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
        rmSync(join(folder, name), { recursive: true });
      }
    }
  }

  /** The path of `name` by `recipe`; made by `make`, which gets a path where nothing is, where it is not kept. */
  async get(name: string, recipe: object, make: (path: string) => Promise<void> | void): Promise<string> {
    const path = join(this.folder, `${name}-${keyOf(recipe)}`);
    if (existsSync(path)) return path;
    this.#said(`making ${path}`);
    const partial = `${path}.partial-${process.pid}`;
    try {
      await make(partial);
      renameSync(partial, path);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      throw error;
    }
    return path;
  }
}

const keyOf = (recipe: object): string =>
  createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
