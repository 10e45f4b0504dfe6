/** Who may import whom: docs/architecture.md, as a test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../support/paths.js';
import { packageOf, roomOf, type SourceFile, sourceFiles } from './source-files.js';

/** Rooms of src that a room may import from; types of a room count as the room unless `typesOf` has it. */
const rules: Record<string, { readonly from: readonly string[]; readonly typesOf?: readonly string[] }> = {
  'erofs-reader': { from: [] },
  verity: { from: [] },
  system: { from: [] },
  log: { from: [] },
  options: { from: [] },
  statistics: { from: [] },
  control: { from: ['statistics', 'system'] },
  remote: { from: ['statistics'], typesOf: ['cache'] },
  // remote, for the class of its errors alone
  cache: { from: ['erofs-reader', 'remote', 'statistics', 'system'], typesOf: ['verity'] },
  tree: { from: ['erofs-reader'], typesOf: ['cache'] },
  proof: { from: ['erofs-reader', 'cache', 'verity', 'options', 'system'] },
  objects: { from: ['cache', 'verity'], typesOf: ['tree'] },
  'open-objects.ts': { from: ['cache', 'objects', 'tree'], typesOf: ['open.ts'] },
  // commands, for the walk and the paths that they share
  prefetch: {
    from: ['erofs-reader', 'tree', 'cache', 'remote', 'options', 'system', 'commands'],
    typesOf: ['open.ts'],
  },
  registry: { from: ['remote', 'system', 'verity', 'options'], typesOf: ['cache', 'layers'] },
  // erofs-reader, for a codec
  layers: {
    from: ['cache', 'remote', 'verity', 'system', 'erofs-reader'],
    typesOf: ['registry', 'open.ts', 'proof'],
  },
  'open-source.ts': {
    from: ['cache', 'remote', 'options', 'layers', 'open-blob.ts', 'open-url.ts'],
    typesOf: ['prefetch', 'registry'],
  },
  'open-url.ts': { from: ['cache', 'remote'], typesOf: ['open-source.ts'] },
  'open-blob.ts': { from: ['cache', 'layers', 'registry', 'open-url.ts'], typesOf: ['open-source.ts'] },
  'network-options.ts': { from: ['cache', 'options', 'prefetch'], typesOf: ['open-source.ts'] },
  'open-layer.ts': {
    from: [
      'erofs-reader',
      'cache',
      'verity',
      'proof',
      'tree',
      'layers',
      'open-objects.ts',
      'open-source.ts',
      'system',
    ],
    typesOf: ['open.ts', 'memory-budget.ts'],
  },
  // prefetch, for waiting for several things at a time
  'open-layers.ts': {
    from: ['erofs-reader', 'cache', 'tree', 'open-layer.ts', 'prefetch', 'memory-budget.ts'],
    typesOf: ['open.ts'],
  },
  'open.ts': {
    from: ['open-layer.ts', 'open-layers.ts', 'open-source.ts', 'memory-budget.ts'],
    typesOf: [
      'erofs-reader',
      'cache',
      'tree',
      'proof',
      'layers',
      'prefetch',
      'open-objects.ts',
      'container-spec.ts',
    ],
  },
  'memory-budget.ts': { from: ['options'] },
  'open-again.ts': { from: [], typesOf: ['open.ts', 'proof'] },
  snapshotter: { from: ['erofs-reader', 'cache'] },
  'container-options.ts': { from: ['options', 'layers', 'registry'] },
  // prefetch, for waiting for several things at a time
  'container-referrers.ts': { from: ['registry', 'verity', 'prefetch'], typesOf: ['layers'] },
  'container-tar-indexes.ts': { from: ['registry', 'layers', 'container-referrers.ts'] },
  'container-spec.ts': {
    from: ['layers', 'registry', 'proof', 'container-referrers.ts', 'container-tar-indexes.ts'],
    typesOf: ['container-options.ts', 'open.ts', 'open-source.ts'],
  },
  'container-inspection.ts': { from: ['container-spec.ts', 'registry'], typesOf: ['layers'] },
  'image-spec.ts': {
    from: ['options', 'snapshotter', 'container-spec.ts', 'registry'],
    typesOf: ['open.ts', 'open-source.ts', 'proof', 'container-options.ts'],
  },
  'open-options.ts': {
    from: ['options', 'proof', 'network-options.ts', 'container-options.ts'],
    typesOf: ['open.ts'],
  },
  // open-for-check.ts goes past a wrong checksum, for which it needs the sources themselves
  check: { from: ['erofs-reader', 'cache', 'open.ts', 'open-source.ts', 'verity'] },
  fuse: {
    from: [
      'tree',
      'open.ts',
      'programs.ts',
      'open-again.ts',
      'open-options.ts',
      'image-spec.ts',
      'container-spec.ts',
      'control',
      'memory-budget.ts',
      'options',
      'prefetch',
      'proof',
      'statistics',
      'system',
      'log',
    ],
  },
  extract: { from: ['tree', 'open.ts', 'system', 'commands'] },
  // commands, for the walk, the paths and the problems that they share
  report: {
    // cache, for counting the requests that ranges take
    from: ['erofs-reader', 'tree', 'open.ts', 'commands', 'cache', 'layers', 'proof'],
    typesOf: ['prefetch'],
  },
  compare: { from: ['tree', 'open.ts', 'system', 'commands'] },
  find: { from: ['erofs-reader', 'tree', 'open.ts', 'commands', 'report'] },
  // commands, for sizes, quoting and the words for failures
  doctor: {
    from: [
      'commands',
      'cache',
      'control',
      'fuse',
      'registry',
      'remote',
      'system',
      'erofs-reader',
      'memory-budget.ts',
    ],
  },
  // commands, for the walk, names, sizes and quoting that they share
  explore: {
    from: [
      'erofs-reader',
      'tree',
      'open.ts',
      'commands',
      'control',
      'fuse',
      'report',
      'layers',
      'proof',
      'system',
      'cache',
      'statistics',
    ],
    typesOf: ['prefetch'],
  },
  // info and stat print what the reader knows of an image beyond its tree
  commands: {
    from: [
      'config',
      'completion',
      'open.ts',
      'open-source.ts',
      'open-options.ts',
      'image-spec.ts',
      'container-inspection.ts',
      'layers',
      'log',
      'options',
      'fuse',
      'tree',
      'extract',
      'report',
      'find',
      'compare',
      'check',
      'doctor',
      'explore',
      'programs.ts',
      'memory-budget.ts',
      'control',
      'statistics',
      'prefetch',
      'proof',
      'cache',
      'erofs-reader',
      'verity',
      'system',
    ],
  },
  // commands, for the paths, the names and the pieces of content that they share
  library: {
    from: ['open.ts', 'open-options.ts', 'image-spec.ts', 'fuse', 'tree', 'erofs-reader', 'commands'],
    typesOf: ['options'],
  },
  // statistics are counted where they are; a browser counts them for nobody
  browser: { from: ['library', 'tree', 'erofs-reader', 'cache'] },
  'browser.ts': { from: ['browser', 'library'] },
  'index.ts': { from: ['library'] },
  'mount-command.ts': { from: ['commands', 'fuse', 'mount-helper-options.ts'] },
  'mount-helper-options.ts': { from: [] },
  'mount-helper.ts': { from: ['load-program.ts'] },
  'load-program.ts': { from: ['programs.ts'] },
  // values and names of options alone; how they are used is the commands' part
  config: { from: ['options', 'system'] },
  completion: { from: ['config'] },
  'programs.ts': { from: [] },
  'command.ts': { from: ['commands', 'config', 'programs.ts'] },
  'cli.ts': { from: ['load-program.ts', 'programs.ts'] },
};

const files = sourceFiles('src');
const byPath = new Map(files.map((file) => [file.path, file]));

t.ok(files.length > 40, `the source files were found: ${files.length}`);

t.test('every room of src has a rule', async (t) => {
  const rooms = new Set(files.map(({ path }) => roomOf(path)));
  t.same(
    [...rooms].filter((room) => !(room in rules)),
    [],
  );
});

t.test('rooms import only what their rule allows', async (t) => {
  const broken = files.flatMap(({ path, imports }) => {
    const room = roomOf(path);
    const { from, typesOf = [] } = rules[room] ?? { from: [] };
    return imports
      .filter(({ file, isType }) => {
        if (file === undefined) return false;
        const other = roomOf(file);
        return other !== room && !from.includes(other) && !(isType && typesOf.includes(other));
      })
      .map((wrong) => `${path} imports ${wrong.from}`);
  });
  t.same(broken, []);
});

t.test('the reader and verity do no input and output', async (t) => {
  const impure = /^node:(fs|net|http|https|child_process|worker_threads|dgram|tls|readline)/;
  const broken = files
    .filter(({ path }) => ['erofs-reader', 'verity'].includes(roomOf(path)))
    .flatMap(({ path, imports }) =>
      imports.filter(({ from }) => impure.test(from)).map(({ from }) => `${path}: ${from}`),
    );
  t.same(broken, []);
});

t.test('every import of the project names a file of it', async (t) => {
  const broken = files.flatMap(({ path, imports }) =>
    imports
      .filter(({ file }) => file !== undefined && !byPath.has(file))
      .map(({ from }) => `${path}: ${from}`),
  );
  t.same(broken, []);
});

t.test('there are no cycles', async (t) => {
  t.same(cycles(), []);
});

/** What is bundled when the package is built, which is installed for that alone. */
const isOfPage = (path: string): boolean => path.startsWith(join('src', 'explore', 'page', '/'));

t.test('each package is imported in one file, and is a dependency', async (t) => {
  const importers = new Map<string, Set<string>>();
  for (const { path, imports } of files.filter(({ path }) => !isOfPage(path))) {
    for (const found of imports) {
      const name = packageOf(found);
      if (name === undefined || found.isType) continue;
      importers.set(name, (importers.get(name) ?? new Set()).add(path));
    }
  }
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(packageRoot, 'package.json'), 'utf8'),
  );
  const declared = Object.keys({ ...dependencies, ...optionalDependencies });
  for (const [name, paths] of importers) t.equal(paths.size, 1, `${name}: ${[...paths].join(', ')}`);
  t.same(
    [...importers.keys()].filter((name) => !declared.includes(name) && name !== 'node-gyp-build'),
    [],
  );
  t.same(
    declared.filter((name) => !importers.has(name)),
    [],
    'no dependency without an import',
  );
});

t.test('the page is of its own packages, and of nothing that Node.js alone has', async (t) => {
  const page = files.filter(({ path }) => isOfPage(path));
  t.ok(page.length > 5, `${page.length} files of the page`);
  const { devDependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  const packages = page.flatMap(({ imports }) => imports.flatMap((found) => packageOf(found) ?? []));
  t.same(packages, ['d3-hierarchy'], 'one importer');
  t.ok('d3-hierarchy' in devDependencies);
  const reached = new Set<string>();
  const reach = (file: SourceFile): void => {
    if (reached.has(file.path)) return;
    reached.add(file.path);
    for (const { file: next, isType } of file.imports) {
      const target = next === undefined || isType ? undefined : byPath.get(next);
      if (target) reach(target);
    }
  };
  for (const file of page) reach(file);
  t.same(
    [...reached].filter((path) => byPath.get(path)!.imports.some(({ from }) => from.startsWith('node:'))),
    [],
  );
});

/** Each cycle of files once, as "a -> b -> a"; an import of types alone makes none. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: SourceFile, trail: readonly string[]): void => {
    const start = trail.indexOf(file.path);
    if (start >= 0) return void found.push([...trail.slice(start), file.path].join(' -> '));
    if (done.has(file.path)) return;
    for (const { file: next, isType } of file.imports) {
      const target = next === undefined || isType ? undefined : byPath.get(next);
      if (target) visit(target, [...trail, file.path]);
    }
    done.add(file.path);
  };
  for (const file of files) visit(file, []);
  return found;
}
