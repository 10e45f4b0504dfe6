/**
 * A generated container image of four layers: a system, an interpreter with its libraries, dependencies, an application. Kept
 * as registries have it, tar.gz layers; as EROFS layers; and as one EROFS image of the whole.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../measure/program.js';
import { Content } from './content.js';
import {
  addApplication,
  addInterpreter,
  type Interpreter,
  innerProgram,
  interpreterIdentity,
} from './inner-program.js';
import type { Kept } from './kept.js';
import { makeErofs, mkfsVersion } from './makers.js';
import type { Variant } from './variants.js';

export interface ContainerShape {
  readonly interpreter: Interpreter;
  /** files of the system and of the dependencies, and bytes of each in the mean */
  readonly system: readonly [files: number, size: number];
  readonly dependencies: readonly [files: number, size: number];
  /** that the application loads */
  readonly modules: number;
}

/** File names are of `folder`. */
export interface Container {
  readonly folder: string;
  /** lowest first */
  readonly archives: readonly string[];
  readonly layers: readonly string[];
  readonly whole: string;
  /** unpacked */
  readonly tree: string;
  /** program and parameters that start what is inside, where the image is at `root` */
  command(root: string): readonly string[];
  /** bytes of a file of `folder` */
  size(name: string): number;
}

/** Part of the recipe: to be raised by who changes a byte that is made here. */
const VERSION = 1;
const LAYERS = ['system', 'interpreter', 'dependencies', 'application'] as const;
const FILES_PER_FOLDER = 40;
const WHOLE = 'whole.erofs';
const TREE = 'tree';
const LOADER = 'loader';
const TIME = '@1700000000';

/** Throws BenchError 'program-failed' where mkfs.erofs, tar or ldd does. */
export async function container(kept: Kept, shape: ContainerShape, variant: Variant): Promise<Container> {
  const { interpreter } = shape;
  const recipe = {
    VERSION,
    shape,
    options: variant.erofs,
    mkfs: mkfsVersion(),
    interpreter: interpreterIdentity(interpreter),
  };
  const folder = await kept.get('container', recipe, (path) => make(path, shape, variant));
  const loader = readFileSync(join(folder, LOADER), 'utf8');
  return {
    folder,
    archives: LAYERS.map((name) => `${name}.tar.gz`),
    layers: LAYERS.map((name) => `${name}.erofs`),
    whole: WHOLE,
    tree: join(folder, TREE),
    command: (root) => innerProgram(root, interpreter, loader),
    size: (name) => statSync(join(folder, name)).size,
  };
}

async function make(folder: string, shape: ContainerShape, variant: Variant): Promise<void> {
  const content = new Content(3);
  const places = Object.fromEntries(LAYERS.map((name) => [name, join(folder, 'layers', name)])) as Record<
    (typeof LAYERS)[number],
    string
  >;
  for (const place of Object.values(places)) mkdirSync(place, { recursive: true });
  fill(join(places.system, 'usr', 'share'), shape.system, content);
  const loader = await addInterpreter(places.interpreter, shape.interpreter);
  writeFileSync(join(folder, LOADER), loader);
  fill(join(places.dependencies, 'opt', 'packages'), shape.dependencies, content);
  const comment = (size: number): string => content.next(size).toString('base64').replaceAll('/', '+');
  addApplication(places.application, shape.interpreter, shape.modules, comment);

  const tree = join(folder, TREE);
  mkdirSync(tree);
  for (const name of LAYERS) {
    const place = places[name];
    const fixed = ['--sort=name', `--mtime=${TIME}`, '--owner=0', '--group=0', '--numeric-owner'];
    await run('tar', ['-C', place, ...fixed, '-czf', join(folder, `${name}.tar.gz`), ...readdirSync(place)]);
    await makeErofs(place, join(folder, `${name}.erofs`), variant);
    // one copy on disk is enough
    await run('cp', ['-al', `${place}/.`, tree]);
  }
  await makeErofs(tree, join(folder, WHOLE), variant);
}

function fill(folder: string, [files, size]: readonly [number, number], content: Content): void {
  for (let number = 0; number < files; number++) {
    const path = join(folder, `part-${Math.floor(number / FILES_PER_FOLDER)}`, `file-${number}`);
    if (number % FILES_PER_FOLDER === 0) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content.next(1 + content.random.below(2 * size)));
  }
}
