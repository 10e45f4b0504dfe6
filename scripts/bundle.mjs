// Makes each program one file: to find, read and link 300 modules one by one costs a mount 80 ms of processor time (280 of 200).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from './install.mjs';

/** src/programs.ts tells where they are found. */
const programs = [
  'cli',
  'command',
  'mount-helper',
  'fuse/daemon',
  'fuse/dev-fuse-pump-thread',
  'fuse/serving-program',
];

/** Those that are native, and those that are so large that only who needs them shall read them. */
const apart = ['fuse-native', 'koffi', 'lz4-napi', 'tar', 'undici'];

/** Bundled packages of the older kind ask for Node's own modules by require(). */
const banner =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";

/** Reads the compiled modules in `dist`/src, writes `dist`/bin: programs, licences of what is in them, build.json. */
export function bundle(dist) {
  // installed by the time of the call, not when this file is read
  const { buildSync } = createRequire(import.meta.url)('esbuild');
  const target = join(dist, 'bin');
  rmSync(target, { recursive: true, force: true });
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: programs.map((name) => join(dist, 'src', `${name}.js`)),
    entryNames: '[name]',
    outdir: target,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: apart,
    alias: { 'string-width': join(root, 'scripts', 'column-width.mjs') },
    banner: { js: banner },
    legalComments: 'none', // the licences are given whole
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(target, 'LICENCES.txt'), licences(Object.keys(metafile.inputs)));
  writeFileSync(join(target, 'build.json'), `${JSON.stringify({ commit: commit() })}\n`);
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
