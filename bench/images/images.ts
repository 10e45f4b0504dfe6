/** Trees and images of one run: made when they are first asked for, kept from then on. */
import { basename } from 'node:path';
import type { Absences } from '../absences.js';
import type { Workspace } from '../measure/workspace.js';
import { type Container, container } from './container.js';
import type { Kept } from './kept.js';
import { erofsObstacle, makeErofs, makeSquashfs, mkfsVersion, mksquashfsVersion } from './makers.js';
import type { Size } from './sizes.js';
import { makeTree, TREE_VERSION, type Tree } from './tree.js';
import { VARIANTS, type Variant, type VariantName } from './variants.js';

export class Images {
  readonly size: Size;
  readonly #kept: Kept;
  readonly #workspace: Workspace;
  readonly #absences: Absences;
  readonly #obstacles = new Map<string, string | undefined>();

  constructor(size: Size, kept: Kept, workspace: Workspace, absences: Absences) {
    this.size = size;
    this.#kept = kept;
    this.#workspace = workspace;
    this.#absences = absences;
  }

  async tree(): Promise<Tree> {
    const shape = this.size.tree;
    const folder = await this.#kept.get('tree', this.#treeRecipe(), (path) => makeTree(path, shape));
    return { folder, shape };
  }

  /** The generated tree as an EROFS image; undefined, and named as absent, where it cannot be made here. */
  async erofs(name: VariantName): Promise<string | undefined> {
    const variant: Variant = VARIANTS[name];
    if (!(await this.#isPossible(variant))) return undefined;
    const { folder } = await this.tree();
    const recipe = { tree: this.#treeRecipe(), options: variant.erofs, mkfs: mkfsVersion() };
    return this.#kept.get(`${name}.erofs`, recipe, (path) => makeErofs(folder, path, variant));
  }

  /** The same as squashfs; undefined where nothing corresponds or mksquashfs is absent. */
  async squashfs(name: VariantName): Promise<string | undefined> {
    const { squashfs: options }: Variant = VARIANTS[name];
    const version = mksquashfsVersion();
    if (version === undefined) {
      this.#absences.note('squashfs images', 'mksquashfs is not installed (Debian: squashfs-tools)');
    }
    if (options === undefined || version === undefined) return undefined;
    const { folder } = await this.tree();
    const recipe = { tree: this.#treeRecipe(), options, version };
    return this.#kept.get(`${name}.squashfs`, recipe, (path) => makeSquashfs(folder, path, options));
  }

  /** undefined, and named as absent, where mkfs.erofs is. */
  async container(): Promise<Container | undefined> {
    const variant = VARIANTS['lz4hc-64k'];
    if (!(await this.#isPossible(variant))) return undefined;
    return container(this.#kept, this.size.container, variant);
  }

  /** The whole container image as another variant; undefined, and named as absent, where it cannot be made here. */
  async containerAs(name: VariantName): Promise<string | undefined> {
    const made = await this.container();
    const variant: Variant = VARIANTS[name];
    if (made === undefined || !(await this.#isPossible(variant))) return undefined;
    const recipe = { container: basename(made.folder), options: variant.erofs, mkfs: mkfsVersion() };
    return this.#kept.get(`container-${name}.erofs`, recipe, (path) => makeErofs(made.tree, path, variant));
  }

  #treeRecipe(): object {
    return { version: TREE_VERSION, shape: this.size.tree };
  }

  async #isPossible(variant: Variant): Promise<boolean> {
    const { name, title } = variant;
    if (!this.#obstacles.has(name)) {
      this.#obstacles.set(name, await erofsObstacle(this.#workspace.folder('probe'), variant));
    }
    const obstacle = this.#obstacles.get(name);
    if (obstacle !== undefined) this.#absences.note(`EROFS image "${title}"`, obstacle);
    return obstacle === undefined;
  }
}
