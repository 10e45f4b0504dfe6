// node [FLAGS OF V8] compile-ahead.mjs DIST BUNDLE [thread]: writes what V8 makes of a bundle, all of its functions, for processes with
// the same flags; `thread`: for the threads of a server, which sets some of its own first.
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';

const [dist, path, where] = process.argv.slice(2);
const { codeCachePath, compile } = await import(pathToFileURL(join(dist, 'src', 'load-program.js')));
if (where === 'thread') {
  const { limitHeaps } = await import(pathToFileURL(join(dist, 'src', 'fuse', 'heap-limits.js')));
  const { limitCompiling } = await import(pathToFileURL(join(dist, 'src', 'fuse', 'compile-limits.js')));
  limitHeaps();
  limitCompiling();
}
setFlagsFromString('--no-lazy');
const script = compile(path);
// the flags are a part of what is compared
setFlagsFromString('--lazy');
const cache = codeCachePath(path);
writeFileSync(`${cache}.new`, script.createCachedData());
renameSync(`${cache}.new`, cache);
