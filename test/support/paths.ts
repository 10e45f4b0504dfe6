/** Where things are, found from this compiled file: <package root>/<dist>/test/support/paths.js */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The compiled tree that this test belongs to. */
export const dist = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const packageRoot = ((): string => {
  for (let folder = dist; folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'erofsjs') return folder;
  }
  throw new Error(`no package.json of erofsjs above ${dist}: run the tests from a build inside the package`);
})();

export const command = join(dist, 'bin', 'cli.js');
export const mountHelper = join(dist, 'bin', 'mount-helper.js');
export const fixtures = join(packageRoot, 'test', 'fixtures');
export const images = join(fixtures, 'images');

/** A Python program of the suites: what only a foreign process can observe on a mount. */
export const program = (name: string): string => join(packageRoot, 'test', 'support', name);
export const manifestProgram = join(fixtures, 'manifest.py');
