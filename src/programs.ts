/**
 * The programs of this package and what was built.
 *
 * Each program is one bundled file in dist/bin (scripts/bundle.mjs), NAME.bundle.js, and NAME.js which runs it. This module may lie there,
 * as a part of one, or in dist/src, as a part of the library: the paths below are right from both.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type ProgramName = 'command' | 'mount-command' | 'daemon' | 'dev-fuse-pump-thread' | 'serving-program';

/** What a thread is started with. */
export function programUrl(name: ProgramName): URL {
  return new URL(`../bin/${name}.js`, import.meta.url);
}

/** The absolute path of what a process is started with, or of all that it runs. */
export function programPath(name: ProgramName, part: 'start' | 'bundle' = 'start'): string {
  return fileURLToPath(new URL(`../bin/${name}.${part === 'start' ? 'js' : 'bundle.js'}`, import.meta.url));
}

/** A file of the page that `erofs explore` serves, such as "explore.html". */
export function pageUrl(name: string): URL {
  return new URL(`../bin/${name}`, import.meta.url);
}

/** The version of the package. Throws the system's error where the package is not whole. */
export function version(): string {
  const description = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(description) as { version: string }).version;
}

/** What to name in a report: `erofs 0.1.0 (1a2b3c4d5e, Node.js v20.20.0, linux x64)`; without the commit where none was known. */
export function versionLine(): string {
  const facts = [`Node.js ${process.version}`, `${process.platform} ${process.arch}`];
  const commit = builtCommit();
  if (commit !== undefined) facts.unshift(commit);
  return `erofs ${version()} (${facts.join(', ')})`;
}

function builtCommit(): string | undefined {
  try {
    const build = readFileSync(new URL('../bin/build.json', import.meta.url), 'utf8');
    return (JSON.parse(build) as { commit?: string }).commit;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
