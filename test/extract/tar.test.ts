/** Archives as GNU tar and Python unpack them: the tree equals that of the kernel's mount, which the manifests are of. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import t from 'tap';
import { Output } from '../../src/commands/output.js';
import { startAt } from '../../src/commands/walk.js';
import { memberHead } from '../../src/extract/tar-member.js';
import { writeTar } from '../../src/extract/tar-writer.js';
import { bytes, MemoryTree, openSlowly } from '../commands/memory-tree.js';
import { asCommandOptions, fixture } from '../support/fixture.js';
import { differences, type Manifest, mapFields, readManifest } from '../support/manifest.js';
import { manifestProgram } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { describeRun, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';

const scratch = new Scratch(t);

/** Sockets are not archived, and the links of a directory are counted by the file system that it is in. */
const comparable = (manifest: Manifest): Manifest =>
  mapFields(
    Object.fromEntries(Object.entries(manifest).filter(([, { mode }]) => !/^14/.test(String(mode)))),
    ({ nlink, ...fields }) => (/^4/.test(String(fields.mode)) ? fields : { nlink, ...fields }),
  );

async function unpacked(archive: string): Promise<{ target: string; stderr: string }> {
  const target = scratch.folder('self', 'unpacked');
  const words = ['--xattrs', '--xattrs-include=*', '--numeric-owner', '-C', target, '-xpf', archive];
  const said = await run('tar', words);
  if (said.status !== 0) throw new Error(describeRun(said));
  return { target, stderr: said.stderr };
}

const skip = noPython ?? (isRoot ? false : 'needs root to restore owners and devices');

for (const name of ['plain', 'lz4-dedupe-fragments-ztail', 'merged']) {
  t.test(name, { skip }, async (t) => {
    const { image, options, manifest } = fixture(name);
    const archive = scratch.file('image.tar');
    const said = await erofs(['extract', '--tar', archive, ...asCommandOptions(options), image]);
    t.match(said, { status: 0, stdout: /^archived \d+ files .* into / }, describeRun(said));
    t.same(
      readdirSync(dirname(archive)).filter((file) => file.startsWith(`${basename(archive)}.`)),
      [],
      'nothing else is left',
    );
    const { target } = await unpacked(archive);
    const seen = await observe<Manifest>(manifestProgram, [target]);
    t.same(differences(comparable(seen), comparable(readManifest(manifest))), []);
  });
}

t.test('to standard output, and only a part', async (t) => {
  const { image } = fixture('lz4');
  const archive = await erofs(['extract', '--tar', '-', '--path', '/owners', image]);
  t.match(archive, { status: 0, stderr: /^erofs extract: archived .* into standard output\n$/ });
  const listed = await run('tar', ['-tf', '-'], { input: archive.stdout });
  const names = await erofs(['ls', image, '/owners']);
  const expected = names.stdout.trimEnd().split('\n');
  t.same(listed.stdout.trimEnd().split('\n'), ['./', ...expected]);
});

t.test('a directory or an archive, not both', async (t) => {
  const { image } = fixture('lz4');
  for (const words of [[image], [image, 'dir', '--tar', 'x.tar'], [image, '--tar', 'x.tar', '--force']]) {
    const said = await erofs(['extract', ...words], { cwd: scratch.folder() });
    t.match(said, { status: 2, stdout: '' }, describeRun(said));
    t.match(said.stderr, /^erofs extract: [^\n]*--tar[^\n]*\n$/);
  }
});

async function archiveOf(tree: MemoryTree, sink?: Writable): Promise<{ path: string; said: string[] }> {
  const chunks: Buffer[] = [];
  const keep = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const open = openSlowly(tree);
  const said: string[] = [];
  await writeTar(open, await startAt(open, 0), new Output(sink ?? keep), (path, error) => {
    said.push(`${Buffer.from(path)}: ${(error as Error).message}`);
  });
  return { path: scratch.file('made.tar', Buffer.concat(chunks)), said };
}

t.test('long names, odd attributes and numbers that old headers do not hold', { skip }, async (t) => {
  const tree = new MemoryTree();
  const long = 'n'.repeat(255);
  const deep = tree.link(tree.link(0, long, tree.directory()), long, tree.directory());
  const both = tree.file('content', {
    nlink: 2,
    uid: 4_000_000_000,
    gid: 3_000_000,
    mtimeSeconds: 10_000_000_000,
    mtimeNanoseconds: 120,
    xattrs: new Map([
      ['user.a=b%3D', bytes('\0\n=\xff')],
      [`user.${'x'.repeat(200)}`, bytes('v'.repeat(94))],
    ]),
  });
  tree.link(deep, long, both);
  tree.link(deep, 'second', both);
  tree.link(deep, 'link', tree.symlink(`${long}/${long}`));
  const { path, said } = await archiveOf(tree);
  t.same(said, []);
  const { target } = await unpacked(path);
  const seen = await observe<Manifest>(manifestProgram, [target]);
  const file = `${long}/${long}/${long}`;
  t.match(seen[file], {
    uid: 4_000_000_000,
    gid: 3_000_000,
    nlink: 2,
    size: 7,
    mtime_ns: '10000000000000000120',
    same_inode_as: file,
  });
  t.same(Object.values(seen[file]!.xattrs as object), [
    Buffer.from('\0\n=\xff').toString('hex'),
    Buffer.from('v'.repeat(94)).toString('hex'),
  ]);
  t.ok(Object.keys(seen[file]!.xattrs as object)[0]!.startsWith('user.a'));
  t.equal(seen[`${long}/${long}/second`]!.same_inode_as, file);
  t.equal(seen[`${long}/${long}/link`]!.target, `${long}/${long}`);
});

t.test('a size beyond 8 GiB', async (t) => {
  const attr = new MemoryTree().getattr(0);
  const size = 9 * 2 ** 30 + 1;
  const head = memberHead({ type: 'File', path: bytes('huge'), attr, size, xattrs: [] });
  const archive = scratch.file('huge.tar', head);
  t.match((await run('tar', ['-tvf', archive])).stdout, new RegExp(` ${size} .* huge\n`));
});

t.test('what is damaged is left out, or ends the archive', async (t) => {
  const tree = new MemoryTree();
  tree.fail('read', tree.link(0, 'a', tree.file('x')), 'broken');
  tree.fail('listxattr', tree.link(0, 'b', tree.file('x')), 'attributes broken');
  tree.link(0, 'c', tree.file('x'));
  const { path, said } = await archiveOf(tree);
  t.same(said, ['a: reading at byte 0: broken', 'b: attributes broken']);
  t.equal((await run('tar', ['-tf', path])).stdout, './\nc\n');

  const large = tree.link(0, 'd', tree.file(new Uint8Array(2 ** 20 + 1)));
  tree.fail('read', large, 'broken');
  await t.rejects(archiveOf(tree), {
    code: 'cut-off',
    message: /^d: reading at byte 0: broken; the archive ends/,
  });
});

t.test('a file that turns out to be damaged leaves no archive behind', async (t) => {
  const folder = scratch.folder();
  const image = scratch.file('cut.erofs');
  const tree = join(scratch.folder(), 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'large'), Buffer.alloc(3 << 20, 'x'));
  const made = await run('mkfs.erofs', [image, tree]);
  t.equal(made.status, 0, describeRun(made));
  const cut = await run('truncate', ['-s', '1048576', image]);
  t.equal(cut.status, 0, describeRun(cut));
  const archive = join(folder, 'a.tar');
  const said = await erofs(['extract', '--allow-truncated', '--tar', archive, image]);
  t.match(said, { status: 1, stdout: '', stderr: /^erofs extract: large: reading at byte \d+: .*not whole/ });
  t.notOk(existsSync(archive));
  t.same(readdirSync(folder), []);
});

t.test('never ahead of its reader', async (t) => {
  const tree = new MemoryTree();
  for (let i = 0; i < 6; i++) tree.link(0, `f${i}`, tree.file(new Uint8Array(2 ** 20)));
  let waiting = 0;
  let most = 0;
  let written = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      most = Math.max(most, ++waiting);
      written += chunk.length;
      setImmediate(() => {
        waiting--;
        done();
      });
    },
  });
  await archiveOf(tree, slow);
  t.equal(most, 1);
  t.equal(slow.writableLength, 0);
  t.equal(written % 512, 0);
});
