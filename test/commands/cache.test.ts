import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { blobFolders } from '../../src/cache/cache-blobs.js';
import { knownBlob, rememberBlob } from '../../src/cache/known-blobs.js';
import type { CacheArguments } from '../../src/commands/cache.js';
import { collectGarbage } from '../../src/commands/cache-gc.js';
import { listCache } from '../../src/commands/cache-ls.js';
import { removeBlobs } from '../../src/commands/cache-rm.js';
import { verifyCache } from '../../src/commands/cache-verify.js';
import { Content, chunkSize } from '../cache/chunk-store-content.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { Captured } from './captured.js';

const scratch = new Scratch(t);
const large = new Content(128 * chunkSize + 1, 'https://example.net/large.erofs');
const small = new Content(3 * chunkSize, 'https://example.net/sm\nall');

/** A cache directory with half of a large blob and all of a small one. */
async function filled(): Promise<string> {
  const folder = scratch.folder();
  const [one, two] = [large.open(folder), small.open(folder)];
  await large.fill(one, Array(64).keys());
  await small.fill(two);
  one.close();
  two.close();
  return folder;
}

/** What a command prints, line by line; the lines of `--json` as objects. */
async function printed(
  work: (given: CacheArguments, output: Captured['output']) => Promise<void>,
  cacheDir: string,
  json: boolean,
  quiet = false,
) {
  const captured = new Captured();
  await work({ cacheDir, json, quiet }, captured.output);
  const lines = await captured.lines();
  return json ? lines.map((line) => JSON.parse(line)) : lines;
}

/** The exit status that a command chose; undefined for none. */
function takeStatus(): unknown {
  const status = process.exitCode;
  process.exitCode = undefined;
  return status;
}

t.test('ls: a line for each blob, by name', async (t) => {
  const folder = await filled();
  const lines = await printed(listCache, folder, false);
  t.match(lines, [
    /^ *\d+ +49% +of 524289 20\d\d-\d\d-\d\dT\S+Z [0-9a-f]{12} https:\/\/example\.net\/large\.erofs$/,
    /^ *\d+ 100% +of 12288 20\S+Z [0-9a-f]{12} \$'https:\/\/example\.net\/sm\\nall'$/,
  ]);
  const [object, ...more] = await printed(listCache, folder, true);
  t.match(object, {
    key: /^[0-9a-f]{40}$/,
    name: large.blob.name,
    size: large.blob.size,
    chunk_size: chunkSize,
    chunks: 129,
    chunks_kept: 64,
  });
  const since = Date.now() / 1000 - object.last_use;
  t.ok(since > -2 && since < 600, `used ${since} seconds ago`);
  t.ok(object.bytes_on_disk >= 64 * chunkSize && object.bytes_on_disk < 70 * chunkSize);
  t.match(more, [{ name: small.blob.name, chunks: 3, chunks_kept: 3 }]);
  t.same(await printed(listCache, scratch.folder(), false), [], 'nothing is kept');
  t.same(await printed(listCache, join(folder, 'missing'), true), []);
});

t.test('verify: damage is found once, and exit 1', async (t) => {
  const folder = await filled();
  const verify = (words: string[], json: boolean, quiet = false) =>
    printed((given, output) => verifyCache(words, given, output), folder, json, quiet);
  t.match(await verify([], false), [/large\.erofs: 64 chunks, all intact$/, /: 3 chunks, all intact$/]);
  t.same(await verify([], false, true), [], '--quiet');
  t.equal(takeStatus(), undefined);
  const [first] = await printed(listCache, folder, true);
  const data = openSync(join(folder, 'blobs', first.key, 'data'), 'r+');
  for (const chunk of [7, 9])
    writeSync(data, Uint8Array.of(large.chunk(chunk)[5]! ^ 1), 0, 1, chunk * chunkSize + 5);
  closeSync(data);
  t.match(await verify([small.blob.name], false), [/: 3 chunks, all intact$/], 'of the one that was named');
  t.equal(takeStatus(), undefined);
  t.match(await verify([], false, true), [/large\.erofs: 2 of 64 chunks were damaged; /]);
  t.equal(takeStatus(), 1);
  t.match(await verify([], true), [
    { clean: true, damaged: 0, blobs: [{ name: large.blob.name, intact: 62, damaged: 0 }, { intact: 3 }] },
  ]);
  t.equal(takeStatus(), undefined, 'they are not here any more');
  await t.rejects(verify(['nonesuch'], false), {
    code: 'not-kept',
    message: `nothing is kept of nonesuch in ${folder}; erofs cache ls lists what is`,
  });
});

t.test('gc: what is useless goes, then what is used least', async (t) => {
  const folder = await filled();
  const blobs = join(folder, 'blobs');
  const gc = (size: number | undefined, json: boolean, quiet = false) =>
    printed((given, output) => collectGarbage(size, given, output), folder, json, quiet);
  const [first] = await printed(listCache, folder, true);
  const [clean] = await gc(undefined, true);
  t.match(clean, { blobs_removed: 0, bytes_freed: 0 });
  t.ok(clean.bytes_on_disk >= 67 * chunkSize);
  const index = join(blobs, first.key, 'index');
  writeFileSync(index, readFileSync(index).fill(0, 0, 10));
  const empty = new Content(chunkSize, 'empty').open(folder);
  empty.close();
  t.match(await gc(undefined, false), [/^\d{6,} bytes freed, \d+ are in use; 2 blobs removed$/]);
  t.match(await printed(listCache, folder, true), [{ name: small.blob.name }]);
  t.match(await gc(0, true), [{ bytes_on_disk: 0, blobs_removed: 1 }]);
  t.same(blobFolders(blobs), []);
  rmSync(folder, { recursive: true });
  t.match(await gc(0, true), [{ bytes_freed: 0, bytes_on_disk: 0, blobs_removed: 0 }]);
  t.same(await gc(0, false, true), [], '--quiet');
});

t.test('rm: by name, by key, all; and none where one is unknown', async (t) => {
  const folder = await filled();
  const rm = (words: string[], all: boolean, json = false, quiet = false) =>
    printed((given, output) => removeBlobs(words, all, given, output), folder, json, quiet);
  const names = async () => (await printed(listCache, folder, true)).map(({ name }) => name);
  await t.rejects(rm([small.blob.name, 'nonesuch'], false), { code: 'not-kept' });
  await t.rejects(rm([], false), { code: 'usage' });
  await t.rejects(rm(['x'], true), { code: 'usage' });
  t.equal((await names()).length, 2);
  t.match(await rm([small.blob.name], false), [/^removed \$'\S+', \d+ bytes$/]);
  t.same(await names(), [large.blob.name]);
  t.match(await rm([], true, true), [{ removed: [{ name: large.blob.name }], bytes_freed: Number }]);
  t.same(await names(), []);
  t.same(await rm([], true, false, true), [], '--quiet');
});

t.test('rm: what is removed was never opened', async (t) => {
  const folder = await filled();
  for (const { blob } of [large, small]) {
    t.equal(rememberBlob(folder, blob.name, { ...blob, version: '1' }), undefined);
  }
  writeFileSync(join(folder, 'known', 'cut-off.json'), '{');
  await printed((given, output) => removeBlobs([small.blob.name], false, given, output), folder, false);
  t.equal(knownBlob(folder, small.blob.name), undefined);
  t.match(knownBlob(folder, large.blob.name), large.blob);
});

t.test('on the command line', async (t) => {
  const folder = await filled();
  const cache = (...words: string[]) => erofs(['cache', ...words, '--cache-dir', folder]);
  t.match(await cache('rm', large.blob.name), {
    status: 0,
    stdout: /^removed \S+, \d+ bytes\n$/,
    stderr: '',
  });
  t.match(await cache('ls'), { status: 0, stdout: /^[^\n]+sm\\nall'\n$/, stderr: '' });
  const [{ key }] = await printed(listCache, folder, true);
  const data = join(folder, 'blobs', key, 'data');
  writeFileSync(data, readFileSync(data).fill(0, 0, 1));
  t.match(await cache('verify'), { status: 1, stdout: /: 1 of 3 chunks were damaged; /, stderr: '' });
  t.match(await cache('gc', '--cache-size', '1K', '--json'), { status: 0, stdout: /"blobs_removed":1/ });
  const wrong: [string[], number, string][] = [
    [[], 2, "an action is missing: ls, verify, gc or rm; see 'erofs cache --help'"],
    [['frobnicate'], 2, "unknown action: frobnicate; see 'erofs cache --help'"],
    [['ls', 'more'], 2, "unexpected argument: more; see 'erofs cache --help'"],
    [
      ['gc', '--cache-size', '10X'],
      2,
      "--cache-size 10X: expected a number of bytes, or one with K, M, G or T behind it; see 'erofs cache --help'",
    ],
    [
      ['gc', '--cache-size', '1', '--cache-size', '2'],
      2,
      "--cache-size is given more than once; it applies to all; see 'erofs cache --help'",
    ],
    [
      ['ls', '--cache-dir', '/'],
      2,
      "--cache-dir is given more than once; it applies to all; see 'erofs cache --help'",
    ],
    [['rm'], 2, "name the blobs to remove, or give --all; see 'erofs cache --help'"],
    [['rm', 'nonesuch'], 1, `nothing is kept of nonesuch in ${folder}; erofs cache ls lists what is`],
  ];
  for (const [words, status, line] of wrong) {
    t.match(await cache(...words), { status, stdout: '', stderr: `erofs cache: ${line}\n` }, words.join(' '));
  }
});
