// Makes the page of `erofs explore` one script, beside its HTML and style.
import { copyFileSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './install.mjs';

const source = join(root, 'src', 'explore', 'page');

/** Packages in it, whose licences want to stand in every copy. */
const packages = ['d3-hierarchy'];

/** Writes explore.html, explore.css and explore.js into `dist`/bin, which exists. Throws when the bundler finds an error. */
export function bundlePage(dist) {
  // installed by the time of the call, not when this file is read
  const { buildSync } = createRequire(import.meta.url)('esbuild');
  const target = join(dist, 'bin');
  buildSync({
    entryPoints: [join(source, 'main.ts')],
    outfile: join(target, 'explore.js'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    banner: { js: packages.map(licence).join('\n') },
    logLevel: 'warning',
  });
  for (const name of ['explore.html', 'explore.css']) copyFileSync(join(source, name), join(target, name));
}

function licence(name) {
  const text = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8');
  return `/*! ${name}\n${text}*/`;
}
