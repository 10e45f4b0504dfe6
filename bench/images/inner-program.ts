/**
 * The program inside a container image: an interpreter of this machine with its libraries, and modules for it that end in one
 * line, "ready". It is started by path through the image's own dynamic loader: no chroot, so a plain user can, too.
 */
import { copyFileSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { BenchError } from '../errors.js';
import { run } from '../measure/program.js';

export type Interpreter = 'node' | 'sh';

export const READY = 'ready';

const BINARY = { node: process.execPath, sh: '/bin/sh' } as const;
/** Paths below the root of the image. */
const PLACES = { binary: 'usr/bin', libraries: 'usr/lib', application: 'app' } as const;
const LOADER = /^ld(-|\.)/;

/** What else an image depends on than what is generated: the interpreter of this machine. */
export const interpreterIdentity = (interpreter: Interpreter): object => {
  const { size, mtimeMs } = statSync(BINARY[interpreter]);
  return { interpreter, version: interpreter === 'node' ? process.version : '', size, mtimeMs };
};

/** Program and parameters that start it in an image mounted or unpacked at `root`. */
export function innerProgram(root: string, interpreter: Interpreter, loader: string): readonly string[] {
  return [
    join(root, PLACES.libraries, loader),
    '--library-path',
    join(root, PLACES.libraries),
    join(root, PLACES.binary, interpreter),
    join(root, PLACES.application, `main.${EXTENSION[interpreter]}`),
    join(root, PLACES.application),
  ];
}

/** Copies the interpreter and its libraries below `root`; returns the name of the dynamic loader among them. */
export async function addInterpreter(root: string, interpreter: Interpreter): Promise<string> {
  const libraries = await librariesOf(BINARY[interpreter]);
  const loader = libraries.map((path) => basename(path)).find((name) => LOADER.test(name));
  if (loader === undefined) {
    throw new BenchError(
      'wrong-answer',
      `ldd ${BINARY[interpreter]} names no dynamic loader among ${libraries.join(', ')}; expected a dynamic program`,
    );
  }
  for (const folder of [PLACES.binary, PLACES.libraries]) mkdirSync(join(root, folder), { recursive: true });
  copyFileSync(BINARY[interpreter], join(root, PLACES.binary, interpreter));
  for (const path of libraries) {
    copyFileSync(realpathSync(path), join(root, PLACES.libraries, basename(path)));
  }
  return loader;
}

/** ldd(1): "name => path (address)" a library, "path (address)" the loader; the vDSO has no file. */
async function librariesOf(binary: string): Promise<string[]> {
  const { stdout } = await run('ldd', [binary]);
  return [...stdout.matchAll(/(\/\S+) \(0x[0-9a-f]+\)/g)].map((found) => found[1]!);
}

const EXTENSION = { node: 'cjs', sh: 'sh' } as const;

/** Writes `count` modules, and the main program that loads all of them, below `root`. */
export function addApplication(
  root: string,
  interpreter: Interpreter,
  count: number,
  comment: (size: number) => string,
): void {
  const folder = join(root, PLACES.application);
  mkdirSync(folder, { recursive: true });
  const extension = EXTENSION[interpreter];
  for (let number = 0; number < count; number++) {
    const text =
      interpreter === 'node'
        ? `/* ${comment(3000)} */\nexports.value = ${number};\n`
        : `# ${comment(200)}\nvalue=${number}\n`;
    writeFileSync(join(folder, `module-${number}.${extension}`), text);
  }
  const main =
    interpreter === 'node'
      ? `for (let i = 0; i < ${count}; i++) require(\`./module-\${i}.cjs\`);\nconsole.log('${READY}');\n`
      : `i=0\nwhile [ $i -lt ${count} ]; do . "$1/module-$i.sh"; i=$((i + 1)); done\necho ${READY}\n`;
  writeFileSync(join(folder, `main.${extension}`), main);
}
