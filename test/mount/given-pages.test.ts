/** What the kernel is given before it asks: pages, which are the file's own, and the word that there are no xattrs. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { devFuseRoot } from '../support/front-end.js';
import { makeImage, noMkfs } from '../support/make-image.js';
import { processesWith } from '../support/mount-table.js';
import { type Mounted, mount } from '../support/mounted.js';
import { run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);

/** Compresses to about a third, in pclusters of some hundred KiB. */
const text = (length: number, seed: number): Buffer => {
  const lines: string[] = [];
  for (let n = seed * 1000, size = 0; size < length; n++) {
    const line = `${n}: ${(n * 2_654_435_761) % 4_294_967_296} bottles, ${n * n} more\n`;
    size += line.length;
    lines.push(line);
  }
  return Buffer.from(lines.join('')).subarray(0, length);
};

const probe = await run('fincore', ['--version']).catch(() => undefined);
const noFincore = probe?.status === 0 ? undefined : 'needs fincore (util-linux)';

/** Bytes of a file that are in the page cache. */
async function cached(path: string): Promise<number> {
  const ended = await run('fincore', ['--bytes', '--noheadings', '--output', 'RES', path]);
  return Number(ended.stdout.trim());
}

function readAt(path: string, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const descriptor = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, offset));
  } finally {
    closeSync(descriptor);
  }
}

/** Settles when more threads than one wait for requests: one alone gives nothing. */
async function severalServe({ mountpoint }: Mounted): Promise<void> {
  const readers = () =>
    processesWith(mountpoint).flatMap(({ pid }) =>
      readdirSync(`/proc/${pid}/task`).filter((task) =>
        readFileSync(`/proc/${pid}/task/${task}/wchan`, 'utf8').startsWith('fuse_dev'),
      ),
    );
  await until(() => readers().length > 1);
}

const skip = devFuseRoot.missing ?? noMkfs ?? noFincore ?? false;

t.test('what is decoded with a page', { skip }, async (t) => {
  const tree = scratch.folder('self', 'tree');
  const content = text(3_000_001, 1);
  writeFileSync(join(tree, 'big'), content);
  const mounted = await mount(scratch, devFuseRoot, await makeImage(scratch, tree, ['-zlz4hc', '-C65536']));
  const path = join(mounted.mountpoint, 'big');
  await severalServe(mounted);
  // that they do is known a moment later
  let at = 500_000;
  await until(async () => {
    const before = await cached(path);
    at += 50_000;
    readAt(path, at, 4096);
    return at > 1_200_000 || (await cached(path)) > before + 40_000;
  });
  for (const offset of [1_500_000, 4096, 2_990_000]) {
    const before = await cached(path);
    t.ok(readAt(path, offset, 4096).equals(content.subarray(offset, offset + 4096)));
    t.ok(await until(async () => (await cached(path)) > before + 65_536), `around byte ${offset}`);
  }
  t.ok(readFileSync(path).equals(content), 'all of it is right, given or asked for');
  await mounted.unmountFromOutside();
});

t.test('files that are read in order', { skip }, async (t) => {
  const tree = scratch.folder('self', 'tree');
  mkdirSync(join(tree, 'd'));
  const names = Array.from({ length: 30 }, (_, i) => `d/file ${String(i).padStart(2, '0')}`);
  for (const [i, name] of names.entries()) writeFileSync(join(tree, name), text(500 + i * 700, i));
  const mounted = await mount(scratch, devFuseRoot, await makeImage(scratch, tree, ['-zlz4hc']));
  t.equal(readdirSync(join(mounted.mountpoint, 'd'), { withFileTypes: true }).length, 30);
  await severalServe(mounted);
  const read = names.values();
  const last = join(mounted.mountpoint, names.at(-1)!);
  const isGiven = await until(async () => {
    const { value: name } = read.next();
    if (name !== undefined && name !== names.at(-1)) readFileSync(join(mounted.mountpoint, name));
    return (await cached(last)) > 0;
  });
  t.ok(isGiven, 'a file that nobody has read is in the cache');
  for (const [i, name] of names.entries()) {
    t.ok(readFileSync(join(mounted.mountpoint, name)).equals(text(500 + i * 700, i)), name);
  }
  await mounted.unmountFromOutside();
});

const noAttributes = devFuseRoot.missing ?? noMkfs ?? false;

t.test('that nothing has extended attributes', { skip: noAttributes }, async (t) => {
  const tree = scratch.folder('self', 'tree');
  writeFileSync(join(tree, 'plain'), 'x');
  const none = await mount(scratch, devFuseRoot, await makeImage(scratch, tree, ['-x-1']));
  const ask = (folder: string) => run('getfattr', ['-n', 'user.a', join(folder, 'plain')]);
  t.ok(await until(async () => (await ask(none.mountpoint)).stderr.includes('not supported')));
  t.equal(
    (await run('getfattr', ['-d', '-m-', join(none.mountpoint, 'plain')])).status,
    0,
    'a list is empty',
  );
  t.equal((await run('ls', ['-l', none.mountpoint])).status, 0);
  await none.unmountFromOutside();

  await run('setfattr', ['-n', 'user.b', '-v', '1', join(tree, 'plain')]);
  const some = await mount(scratch, devFuseRoot, await makeImage(scratch, tree, []));
  t.match((await run('getfattr', ['-n', 'user.b', join(some.mountpoint, 'plain')])).stdout, 'user.b="1"');
  t.match((await ask(some.mountpoint)).stderr, 'No such attribute');
  await some.unmountFromOutside();
});
