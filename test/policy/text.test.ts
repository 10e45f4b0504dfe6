/** What may not stand in any source file, and how long a file may be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../support/paths.js';
import { sourceFiles, withoutComments } from './source-files.js';

const longest = 400;
const files = ['src', 'test', 'scripts', 'fuzz', 'manual'].flatMap(sourceFiles);

/** A command line that a shell reads is a command line that a path can take over. */
const forbidden: Record<string, RegExp> = {
  'a program through a shell': /\bshell:\s*(true|['"`])/,
  'exec, which is a shell':
    /\b(exec|execSync)\b[^;]*from\s+'node:child_process'|child_process\.exec(Sync)?\(/,
  'a check that is switched off': /@ts-(ignore|nocheck)|biome-ignore-all/,
  'a test alone or left out by hand': /\bt\.(only|todo)\(|\{\s*only:\s*true/,
};

for (const [what, pattern] of Object.entries(forbidden)) {
  t.test(what, async (t) => {
    const found = files
      .filter(({ path }) => path !== join('test', 'policy', 'text.test.ts'))
      .filter(({ text }) => pattern.test(what.startsWith('a check') ? text : withoutComments(text)))
      .map(({ path }) => path);
    t.same(found, []);
  });
}

t.test(`no file has more than ${longest} lines`, async (t) => {
  const long = files.filter(({ text }) => text.split('\n').length > longest + 1).map(({ path }) => path);
  t.same(long, []);
});

t.test('the scripts that run before npm ci import nothing but Node', async (t) => {
  for (const { path, imports } of sourceFiles('scripts')) {
    if (path.endsWith('run-tests.mjs')) continue;
    const foreign = imports.filter(({ from }) => !from.startsWith('node:') && !from.startsWith('./'));
    t.same(
      foreign.map(({ from }) => from),
      // asked for by require() when a build comes to it, which is after npm ci
      /bundle(-page)?\.mjs$/.test(path) ? ['esbuild'] : [],
      path,
    );
  }
});

t.test('what package.json names exists', async (t) => {
  const { bin, scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    scripts: Record<string, string>;
  };
  for (const [name, path] of Object.entries(bin)) {
    const source = path.replace(/^dist\/bin\//, 'src/').replace(/\.js$/, '.ts');
    t.ok(
      readFileSync(join(packageRoot, source), 'utf8').startsWith('#!/usr/bin/env node\n'),
      `${name}: ${source}`,
    );
  }
  for (const [name, line] of Object.entries(scripts)) {
    const script = /scripts\/[\w-]+\.mjs/.exec(line)?.[0];
    if (script) t.ok(readFileSync(join(packageRoot, script)).length > 0, `${name}: ${script}`);
  }
});
