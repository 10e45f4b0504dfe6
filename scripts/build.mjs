// Compiles src, test and bench into dist/, bundles the programs and the page of `erofs explore`, and makes the two commands executable.
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { bundlePage } from './bundle-page.mjs';
import { root, run } from './install.mjs';

/** `dist` is where the compiled tree goes, absolute. Throws when the compiler or the bundler finds an error. */
export async function build(dist = join(root, 'dist')) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [
    compiler,
    '-p',
    root,
    '--outDir',
    dist,
    '--tsBuildInfoFile',
    join(dist, '.tsbuildinfo'),
  ]);
  await bundle(dist);
  bundlePage(dist);
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const command of Object.values(bin)) {
    const compiled = resolve(dist, '..', command.replace(/^dist\b/, dist));
    if (existsSync(compiled)) chmodSync(compiled, 0o755);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await build();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
