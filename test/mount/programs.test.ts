/** find, tar, rsync, git, cp and stat(1) on a mount say what they say on the tree that the image was made from. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { devFusePlain, devFuseRoot } from '../support/front-end.js';
import { mountByKernel, noKernel } from '../support/kernel.js';
import { makeImage, makeTree, noMkfs } from '../support/make-image.js';
import { differences, type Manifest } from '../support/manifest.js';
import { mount } from '../support/mounted.js';
import { manifestProgram } from '../support/paths.js';
import { observe } from '../support/python.js';
import { describeRun, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { isRoot } from '../support/user.js';

const scratch = new Scratch(t);
const seed = 20_240_229;
const noGit = spawnSync('git', ['--version']).status === 0 ? undefined : 'needs git';

t.test('a random tree, as root', { skip: devFuseRoot.missing ?? noMkfs ?? false }, async (t) => {
  const source = await makeTree(scratch, seed);
  const image = await makeImage(scratch, source, ['-zlz4hc', '-Eforce-inode-extended']);
  const { mountpoint } = await mount(scratch, devFuseRoot, image);
  const kernel = noKernel ? undefined : (await mountByKernel(t, scratch, image)).mountpoint;
  const references = [source, ...(kernel === undefined ? [] : [kernel])];

  for (const reference of references) {
    const name = reference === source ? 'the source' : "the kernel's mount";
    t.same(await find(mountpoint), await find(reference), `find prints what it prints on ${name}`);
    t.equal(
      await tar(mountpoint),
      await tar(reference),
      `tar --xattrs --acls archives what it archives of ${name}`,
    );
  }

  const copy = scratch.folder();
  await must('rsync', ['-aHAX', '--numeric-ids', `${mountpoint}/`, copy]);
  const copied = await observe<Manifest>(manifestProgram, [copy]);
  const original = await observe<Manifest>(manifestProgram, [source]);
  t.same(differences(copied, original), [], 'rsync -aHAX copies the tree whole');
  const compared = await must('rsync', [
    '-aHAXni',
    '--checksum',
    '--delete',
    '--numeric-ids',
    `${mountpoint}/`,
    copy,
  ]);
  t.equal(compared, '', 'rsync finds nothing to do a second time');

  if (kernel === undefined) t.pass('cp --sparse', { skip: noKernel as string });
  else {
    t.same(await copySparse(mountpoint), await copySparse(kernel), 'cp --sparse=auto leaves the same holes');
  }
});

t.test('a git work tree', { skip: devFusePlain.missing ?? noMkfs ?? noGit ?? false }, async (t) => {
  const source = await makeWorkTree();
  const image = await makeImage(scratch, source, ['-zlz4hc']);
  for (const front of [devFuseRoot, devFusePlain]) {
    if (front.missing) {
      t.pass(front.name, { skip: front.missing });
      continue;
    }
    const { mountpoint } = await mount(scratch, front, image);
    for (const words of [['status', '--porcelain'], ['log', '--stat'], ['diff'], ['fsck', '--strict']]) {
      const seen = await git(mountpoint, words, front.user);
      t.equal(seen, await git(source, words, 'self'), `git ${words.join(' ')}, ${front.name}`);
      if (words[0] === 'status') t.match(seen, /^ M changed$[\s\S]*^\?\? new$/m, 'git sees what was changed');
    }
  }
});

/** One line a path, sorted: directories without their size, which every file system counts in its own way. */
async function find(folder: string): Promise<string[]> {
  const common = '%y %m %U %G %T@';
  const text = await must(
    'find',
    ['.', '-type', 'd', '-printf', `${common} %P\\n`, '-o', '-printf', `${common} %n %s %P -> %l\\n`],
    folder,
  );
  return text.split('\n').sort();
}

async function tar(folder: string): Promise<string> {
  const archive = scratch.file('archive.tar');
  const times = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime';
  const words = ['--sort=name', '--numeric-owner', '--xattrs', '--acls', '--format=posix', times];
  await must('tar', [...words, '-cf', archive, '.'], folder);
  return createHash('sha256').update(readFileSync(archive)).digest('hex');
}

/** st_blocks of every copied file */
async function copySparse(folder: string): Promise<string[]> {
  const copy = join(scratch.folder(), 'copy');
  await must('cp', ['-a', '--sparse=auto', folder, copy]);
  return (await must('find', ['.', '-type', 'f', '-printf', '%b %s %P\\n'], copy)).split('\n').sort();
}

async function makeWorkTree(): Promise<string> {
  const folder = scratch.folder();
  const write = (name: string, text: string): Promise<string> =>
    must('dd', [`of=${name}`, 'status=none'], folder, text);
  await git(folder, ['init', '--quiet', '--initial-branch=main'], 'self');
  for (let number = 0; number < 40; number += 1) {
    await write(number === 0 ? 'changed' : `file-${number}`, `line ${number}\n`.repeat(number * 20));
  }
  await git(folder, ['add', '.'], 'self');
  await git(folder, ['commit', '--quiet', '-m', 'first'], 'self');
  await write('file-1', 'other\n');
  await git(folder, ['commit', '--quiet', '-am', 'second'], 'self');
  await git(folder, ['gc', '--quiet'], 'self');
  await write('changed', 'after the commit\n');
  await write('new', 'never added\n');
  return folder;
}

async function git(
  folder: string,
  words: readonly string[],
  user: 'self' | 'root' | 'plain',
): Promise<string> {
  const identity = ['-c', 'user.name=tester', '-c', 'user.email=tester@example.invalid', '-c', 'gc.auto=0'];
  const ended = await run('git', ['-c', `safe.directory=*`, ...identity, '-C', folder, ...words], {
    user,
    // no lock: git would like to write its refreshed index
    environment: { GIT_OPTIONAL_LOCKS: '0', GIT_CONFIG_GLOBAL: '/dev/null' },
  });
  if (ended.status !== 0) throw new Error(`git ${words.join(' ')} in ${folder}: ${describeRun(ended)}`);
  return ended.stdout;
}

async function must(program: string, words: readonly string[], cwd = '/', input = ''): Promise<string> {
  const ended = await run(program, words, { cwd, input, limit: 120, user: isRoot ? 'root' : 'self' });
  if (ended.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${describeRun(ended)}`);
  return ended.stdout;
}
