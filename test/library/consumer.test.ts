/** A project that depends on this package: what its compiler finds in the declarations, and what runs. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { dist, packageRoot } from '../support/paths.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const typescript = join(packageRoot, 'node_modules', 'typescript', 'bin', 'tsc');

/** A folder with this build as its dependency. */
function project(source: string): string {
  const folder = scratch.folder();
  const installed = join(folder, 'node_modules', 'erofsjs');
  mkdirSync(join(installed, 'dist'), { recursive: true });
  symlinkSync(join(dist, 'src'), join(installed, 'dist', 'src'));
  writeFileSync(join(installed, 'package.json'), readFileSync(join(packageRoot, 'package.json')));
  symlinkSync(join(packageRoot, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'main.ts'), source);
  return folder;
}

async function compile(folder: string, words: readonly string[]): Promise<string> {
  const strict = ['--strict', '--skipLibCheck', 'false', '--exactOptionalPropertyTypes'];
  const modern = ['--target', 'es2023', '--module', 'nodenext', '--rootDir', '.'];
  const ended = await run(process.execPath, [typescript, ...strict, ...modern, ...words, 'main.ts'], {
    cwd: folder,
  });
  return ended.status === 0 ? '' : describeRun(ended) + ended.stdout;
}

t.test('the whole of it, in Node.js', async (t) => {
  const folder = project(
    readFileSync(join(packageRoot, 'test', 'library', 'consumer-program.ts.txt'), 'utf8'),
  );
  t.equal(await compile(folder, ['--lib', 'es2023', '--types', 'node']), '');
  const ended = await run(process.execPath, [join(folder, 'main.js'), fixture('plain').image]);
  t.equal(describeRun(ended), 'exit 0');
  t.equal(ended.stdout, 'ok\n');
});

t.test('what its types do not allow', async (t) => {
  const folder = project(`
    import { openImage } from 'erofsjs';
    const image = await openImage('x', { names: 'bytes' });
    const text: string = await image.readlink('y');
    await image.write('y');
  `);
  const said = await compile(folder, ['--lib', 'es2023', '--types', 'node']);
  t.match(said, /main\.ts\(4,\d+\): error TS2322/);
  t.match(said, /main\.ts\(5,\d+\): error TS2339/);
});

t.test('a page, without the types of Node.js', async (t) => {
  const folder = project(`
    import { type BrowserImage, type BrowserOptions, openImage } from 'erofsjs/browser';
    export async function show(file: File, options: BrowserOptions): Promise<void> {
      const image: BrowserImage = await openImage(file, { ...options, names: 'text' });
      const first: Uint8Array | undefined = (await image.createReadStream('a').getReader().read()).value;
      for await (const { path, stats } of image.walk()) document.title = path + stats.size + first?.length;
      await image.close();
    }
  `);
  t.equal(await compile(folder, ['--lib', 'es2023,dom']), '');
});

for (const entry of ['index', 'browser']) {
  t.test(`the declarations of ${entry} show nothing of the inside`, async (t) => {
    const reached = declarations(join(dist, 'src', `${entry}.d.ts`)).map((path) =>
      path.slice(dist.length + 5),
    );
    t.ok(reached.length >= 3, `${reached.length} files were found`);
    const isShown =
      /^(index|browser|browser\/open-image|library\/(image|open-options|open-image|mount-image))\.d\.ts$/;
    t.same(
      reached.filter((path) => !isShown.test(path)),
      [],
    );
  });
}

/** Every file of the project that a file of declarations leads to, with itself. */
function declarations(first: string): string[] {
  const met = new Set([first]);
  for (const path of met) {
    for (const [, from] of readFileSync(path, 'utf8').matchAll(/\b(?:from|import\()\s*'(\.[^']+)'/g)) {
      met.add(normalize(join(dirname(path), from!.replace(/\.js$/, '.d.ts'))));
    }
  }
  return [...met];
}
