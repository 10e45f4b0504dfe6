import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createFile } from '../../src/extract/file-content.js';
import { TargetDirectory } from '../../src/extract/target-directory.js';
import { bytes } from '../commands/memory-tree.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

function target(replace: boolean): { path: string; directory: TargetDirectory } {
  const path = scratch.folder();
  const directory = new TargetDirectory(Buffer.from(path), replace);
  t.teardown(() => directory.close());
  return { path, directory };
}

const makeFile = (directory: TargetDirectory, name: string) =>
  directory.make(bytes(name), 'making', createFile);

t.test('what exists is neither opened nor removed', async (t) => {
  const { path, directory } = target(false);
  const outside = scratch.file('outside', 'keep');
  writeFileSync(join(path, 'file'), 'keep');
  symlinkSync(outside, join(path, 'link'));
  symlinkSync(join(path, 'nowhere'), join(path, 'dangling'));
  for (const name of ['file', 'link', 'dangling']) {
    t.throws(() => makeFile(directory, name), { code: 'name-exists' }, name);
    t.throws(() => directory.makeDirectory(bytes(name)), { code: 'name-exists' }, name);
  }
  t.equal(readFileSync(outside, 'utf8'), 'keep');
  t.equal(readFileSync(join(path, 'file'), 'utf8'), 'keep');
  t.notOk(existsSync(join(path, 'nowhere')));
});

t.test('where files may be replaced, they are removed, never written through', async (t) => {
  const { path, directory } = target(true);
  const outside = scratch.file('outside', 'keep');
  const folder = scratch.folder();
  symlinkSync(outside, join(path, 'link'));
  symlinkSync(folder, join(path, 'folder-link'));
  makeFile(directory, 'link');
  t.ok(lstatSync(join(path, 'link')).isFile());
  t.equal(readFileSync(outside, 'utf8'), 'keep');
  const made = directory.makeDirectory(bytes('folder-link'));
  makeFile(made, 'inside');
  made.close();
  t.ok(lstatSync(join(path, 'folder-link')).isDirectory(), 'a link to a directory is no directory');
  t.notOk(existsSync(join(folder, 'inside')));
});

t.test('where files may be replaced, an own directory is filled, and what this run made stays', async (t) => {
  const { path, directory } = target(true);
  mkdirSync(join(path, 'old'));
  writeFileSync(join(path, 'old', 'other'), 'keep');
  const old = directory.makeDirectory(bytes('old'));
  makeFile(old, 'new');
  old.close();
  t.equal(readFileSync(join(path, 'old', 'other'), 'utf8'), 'keep');
  t.throws(() => directory.makeDirectory(bytes('old')), { code: 'name-exists' }, 'the same directory twice');
  t.throws(() => makeFile(directory, 'old'), { code: 'name-exists' }, 'a file in its place');
  makeFile(directory, 'file');
  t.throws(() => makeFile(directory, 'file'), { code: 'name-exists' }, 'the same file twice');
});

t.test('a directory with content is not removed for a file', async (t) => {
  const { path, directory } = target(true);
  mkdirSync(join(path, 'full'));
  writeFileSync(join(path, 'full', 'other'), 'keep');
  t.throws(() => makeFile(directory, 'full'), { code: 'ENOTEMPTY', message: /^making: directory not empty/ });
  t.ok(existsSync(join(path, 'full', 'other')));
});

t.test(
  'a parent that is swapped for a link is still the parent',
  { skip: !existsSync('/proc/self/fd') },
  async (t) => {
    const { path, directory } = target(false);
    const { renameSync } = await import('node:fs');
    const elsewhere = scratch.folder();
    const made = directory.makeDirectory(bytes('sub'));
    renameSync(join(path, 'sub'), join(path, 'moved'));
    symlinkSync(elsewhere, join(path, 'sub'));
    makeFile(made, 'file');
    made.close();
    t.ok(existsSync(join(path, 'moved', 'file')));
    t.notOk(existsSync(join(elsewhere, 'file')));
  },
);

t.test('a link is not opened as a directory', async (t) => {
  const link = scratch.file('link');
  symlinkSync(scratch.folder(), link);
  t.throws(() => new TargetDirectory(Buffer.from(link), false), { code: /ENOTDIR|ELOOP/ });
});
