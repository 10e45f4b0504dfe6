// Makes each program one file, and keeps what V8 makes of it: docs/performance.md has what that saves.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, run } from './install.mjs';

/** src/programs.ts tells where they are found; `server`: in a process, or a thread, of a mount. */
const programs = [
  { from: 'command' },
  { from: 'mount-command' },
  { from: 'fuse/daemon', server: 'process' },
  { from: 'fuse/serving-program', server: 'process' },
  { from: 'fuse/dev-fuse-pump-thread', server: 'thread' },
];

/** What package.json names; they load programs. */
const commands = ['cli', 'mount-helper'];

/** Those that are native, and those that are so large that only who needs them shall read them. */
const apart = ['fuse-native', 'koffi', 'lz4-napi', 'tar', 'undici'];

/** Reads the compiled modules in `dist`/src, writes `dist`/bin: programs, licences of what is in them, build.json. */
export async function bundle(dist) {
  const { buildSync } = await import('esbuild');
  const target = join(dist, 'bin');
  rmSync(target, { recursive: true, force: true });
  const common = {
    absWorkingDir: root,
    entryNames: '[name]',
    outdir: target,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    external: apart,
    alias: { 'string-width': join(root, 'scripts', 'column-width.mjs') },
    legalComments: 'none', // the licences are given whole
    metafile: true,
    logLevel: 'warning',
    format: 'cjs', // what V8 makes of a module can't be kept, and Node.js takes 10 ms more to start one
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': 'moduleUrl' },
  };
  const { metafile } = buildSync({
    ...common,
    entryPoints: programs.map(({ from }) => join(dist, 'src', `${from}.js`)),
    supported: { 'dynamic-import': false }, // nor does what was kept know how to import
    outExtension: { '.js': '.bundle.js' },
  });
  buildSync({
    ...common,
    entryPoints: [...commands, 'load-program'].map((name) => join(dist, 'src', `${name}.js`)),
  });
  for (const { from, server } of programs) {
    const name = basename(from);
    const start = `require('./load-program.js').loadProgram('${name}');\n`;
    writeFileSync(join(target, `${name}.js`), start);
    await compileAhead(dist, join(target, `${name}.bundle.js`), server);
  }
  writeFileSync(join(target, 'package.json'), `${JSON.stringify({ type: 'commonjs' })}\n`);
  writeFileSync(join(target, 'LICENCES.txt'), licences(Object.keys(metafile.inputs)));
  writeFileSync(join(target, 'build.json'), `${JSON.stringify({ commit: commit() })}\n`);
}

/** V8 takes it from processes with the flags of those that run the program alone. */
async function compileAhead(dist, path, server) {
  const { PROCESS_FLAGS } = await import(pathToFileURL(join(dist, 'src', 'fuse', 'heap-limits.js')));
  const program = join(root, 'scripts', 'compile-ahead.mjs');
  const flags = server === undefined ? [] : PROCESS_FLAGS;
  run(process.execPath, [...flags, program, dist, path, ...(server === undefined ? [] : [server])]);
}

/** The notices of all packages that `inputs`, paths of modules below the root, belong to. */
function licences(inputs) {
  const folders = new Set(inputs.map(packageFolder).filter((folder) => folder !== undefined));
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      const notice = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
      return `${name} ${version} (${license})\n\n${notice}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function packageFolder(input) {
  const inside = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
  if (inside === undefined) return undefined;
  const folder = join(root, inside);
  return existsSync(join(folder, 'package.json')) ? folder : dirname(folder);
}

/** undefined outside a clone */
function commit() {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short=10', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim() : undefined;
}
