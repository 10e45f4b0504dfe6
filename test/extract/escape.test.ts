/**
 * Images, and targets, that try to make `erofs extract` write where it should not: each attempt with what is reported, what is
 * made all the same, and nothing beside the target changed.
 */
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { writeImage } from '../support/image-writer.js';
import { flatSparse } from '../support/image-writer-body.js';
import { device, directory, fifo, file, type NodeSpec, symlink } from '../support/image-writer-node.js';
import { XattrIndex, xattr } from '../support/image-writer-xattr.js';
import { describeRun, erofs, run } from '../support/run.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { isRoot } from '../support/user.js';
import { Surroundings } from './surroundings.js';

const scratch = new Scratch(t);

interface Attempt {
  readonly root: (around: Surroundings) => NodeSpec;
  /** before the extraction */
  readonly prepare?: (around: Surroundings) => void;
  readonly words?: readonly string[];
  /** of what is reported, a line each */
  readonly problems: readonly RegExp[];
  /** of what is told and no failure */
  readonly notes?: readonly RegExp[];
  /** as Surroundings.made() gives it */
  readonly made: readonly string[];
}

/** Several entries of one name, in this order. */
const entries = (...all: [string, NodeSpec][]): NodeSpec => directory(all as never);

const inside = (): NodeSpec => file('inside');
const FORCE = ['--force'];

/** A file under two names. */
function twice(first: string, second: string): NodeSpec {
  const both = file('both');
  return entries([first, both], [second, both]);
}

const attempts: Readonly<Record<string, Attempt>> = {
  'names that lead out': {
    root: () =>
      entries(
        ['../out', inside()],
        ['../outside/secret', inside()],
        ['/tmp/out', inside()],
        ['a/b', inside()],
        ['good', inside()],
      ),
    problems: [/"?\.\.\/out/, /\.\.\/outside\/secret/, /\/tmp\/out/, /a\/b/],
    made: ['f good'],
  },
  'dots that mean something else': {
    root: () => entries(['sub', entries(['..', symlink('/')], ['.', inside()], ['file', inside()])]),
    problems: [/sub\/\.: the name \. means a directory/, /sub\/\.\.: the name \.\. means a directory/],
    made: ['d sub', 'f sub/file'],
  },
  'a link to a folder, then a folder of its name': {
    root: ({ outside }) =>
      entries(['d', symlink(outside)], ['d', entries(['secret', inside()], ['new', inside()])]),
    problems: [/^erofs extract: d: the name exists already/],
    made: ['d d', 'f d/new', 'f d/secret'],
  },
  'a link to a file, then a file of its name': {
    root: ({ secret }) => entries(['f', symlink(secret)], ['f', inside()]),
    problems: [/^erofs extract: f: the name exists already/],
    made: ['f f'],
  },
  'a link to a file, then a hard link of its name': {
    root: ({ secret }) => {
      const both = file('both');
      return entries(['a', both], ['f', symlink(secret)], ['f', both]);
    },
    problems: [/^erofs extract: f: the name exists already/],
    made: ['f a', 'f f'],
  },
  'a dangling link, then what would be made through it': {
    root: ({ outside }) => entries(['f', symlink(join(outside, 'new'))], ['f', inside()]),
    problems: [/f: the name exists already/],
    made: ['f f'],
  },
  'links that are followed to folders further down': {
    root: ({ outside }) =>
      entries(
        ['a', symlink(outside)],
        ['b', entries(['c', symlink('../a/folder')], ['c', entries(['kept', inside()])])],
      ),
    problems: [/b\/c: the name exists already/],
    made: ['d b', 'd b/c', 'f b/c/kept', 'l a'],
  },
  'a fifo, a file and a folder of one name': {
    root: () => entries(['x', fifo()], ['x', inside()], ['x', entries(['y', inside()])]),
    problems: [/x: the name exists already/, /x: the name exists already/],
    made: ['s x'],
  },
  'a folder within itself': {
    root: () => {
      const names: [string, NodeSpec][] = [];
      const loop = entries(['file', inside()]);
      names.push(['loop', loop]);
      return entries(...names, ['again', loop]);
    },
    problems: [/this directory in two places/],
    made: ['d again', 'f again/file'],
  },
  'a link to a folder stands where a folder goes': {
    root: () => entries(['d', entries(['secret', inside()])]),
    prepare: ({ target, outside }) => symlinkSync(outside, join(target, 'd')),
    words: FORCE,
    problems: [],
    made: ['d d', 'f d/secret'],
  },
  'a link to a file stands where a file goes': {
    root: () => entries(['f', inside()]),
    prepare: ({ target, secret }) => symlinkSync(secret, join(target, 'f')),
    words: FORCE,
    problems: [],
    made: ['f f'],
  },
  'a link stands where a hard link goes': {
    root: () => twice('a', 'b'),
    prepare: ({ target, secret }) => symlinkSync(secret, join(target, 'b')),
    words: FORCE,
    problems: [],
    made: ['f a', 'f b'],
  },
  'a fifo stands where a file goes': {
    root: () => entries(['f', inside()]),
    prepare: ({ target }) => mustRun('mkfifo', join(target, 'f')),
    words: FORCE,
    problems: [],
    made: ['f f'],
  },
  'a full folder stands where a file goes': {
    root: () => entries(['d', inside()], ['good', inside()]),
    prepare: ({ target }) => {
      mkdirSync(join(target, 'd'));
      writeFileSync(join(target, 'd', 'kept'), 'kept');
    },
    words: FORCE,
    problems: [/d: making the file: directory not empty/],
    made: ['d d', 'f d/kept', 'f good'],
  },
  'a file stands where a folder goes': {
    root: () => entries(['d', entries(['file', inside()])]),
    prepare: ({ target }) => writeFileSync(join(target, 'd'), 'old'),
    words: FORCE,
    problems: [],
    made: ['d d', 'f d/file'],
  },
  'the target itself is a link': {
    root: () => entries(['f', inside()]),
    // the user names it, and what it leads to is the target then
    words: ['LINK'],
    problems: [],
    made: ['f f'],
  },
  'the target is a link to nothing': {
    root: () => entries(['f', inside()]),
    words: ['DANGLING'],
    problems: [/exists and is not a directory|no such file/],
    made: [],
  },
  'a file larger than any disk': {
    root: () => entries(['huge', file(flatSparse(2 ** 52, 2 ** 20, { 0: 'x' }))], ['other', inside()]),
    words: ['--max-file-size', '1T'],
    problems: [/huge: it has 4503599627370496 bytes, more than --max-file-size allows \(1099511627776\)/],
    made: ['f other'],
  },
  'more content than is wanted': {
    root: () => entries(['a', file('x'.repeat(3000))], ['b', file('x'.repeat(3000))], ['c', inside()]),
    words: ['--max-size', '5K'],
    problems: [/^erofs extract: b: the image has more content than --max-size allows \(5120 bytes\)/],
    made: ['f a'],
  },
  'more entries than are wanted': {
    root: () => entries(['a', entries(['b', entries(['c', inside()])])], ['z', inside()]),
    words: ['--max-entries', '3'],
    problems: [/^erofs extract: a\/b\/c: the image has more entries than --max-entries allows \(3\)/],
    made: ['d a', 'd a/b'],
  },
};

if (isRoot) {
  Object.assign(attempts, {
    'devices that are not asked for': {
      root: () =>
        entries(
          ['null', device('character', 1, 3)],
          ['disk', device('block', 8, 0)],
          ['whiteout', device('character', 0, 0)],
        ),
      problems: [],
      notes: [/device nodes were left out, which --devices makes \(2, such as /],
      made: ['s whiteout'],
    },
    'rights that are not asked for': {
      root: () =>
        entries(
          ['both', file('x', { permissions: 0o6755 })],
          ['uid', file('x', { permissions: 0o4755, uid: 1000 })],
          ['able', file('x', { xattrs: [xattr(XattrIndex.security, 'capability', CAPABILITY)] })],
          ['shared', directory({}, { permissions: 0o2775 })],
        ),
      problems: [],
      notes: [
        /setuid or setgid bits were left out, which --suid keeps \(2, such as /,
        /file capabilities were left out, which --suid keeps \(1, such as able/,
      ],
      made: ['d shared', 'f able', 'f both', 'f uid'],
    },
  } satisfies Record<string, Attempt>);
}

/** vfs_cap_data, revision 2: CAP_NET_RAW */
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex');

function mustRun(program: string, ...words: string[]): void {
  pending.push(run(program, words));
}
const pending: Promise<unknown>[] = [];

/** The target as the attempt names it, and its other words. */
function target(around: Surroundings, words: readonly string[]): { place: string; more: readonly string[] } {
  const [first] = words;
  if (first !== 'LINK' && first !== 'DANGLING') return { place: around.target, more: words };
  const place = join(around.path, 'link-to-target');
  symlinkSync(first === 'LINK' ? around.target : join(around.path, 'nowhere'), place);
  return { place, more: words.slice(1) };
}

for (const [name, { root, prepare, words = [], problems, notes = [], made }] of Object.entries(attempts)) {
  t.test(name, async (t) => {
    const around = new Surroundings(scratch);
    prepare?.(around);
    await Promise.all(pending.splice(0));
    const image = scratch.file('hostile.erofs');
    writeImage({ root: root(around) }).save(image);
    const { place, more } = target(around, words);
    const before = around.seen();
    const said = await erofs(['extract', ...more, image, place]);
    t.same(around.seen(), before, 'nothing beside the target has changed');
    t.same(around.made(), made);
    t.equal(said.status, problems.length > 0 ? 1 : 0, describeRun(said));
    for (const line of [...problems, ...notes]) {
      t.ok(
        said.stderr.split('\n').some((given) => line.test(given)),
        `${line}: ${said.stderr}`,
      );
    }
    for (const path of made.filter((path) => path.startsWith('f '))) {
      t.equal(lstatSync(join(around.target, path.slice(2))).mode & 0o6000, 0, `${path} lends no rights`);
    }
  });
}

t.test('devices and rights that are asked for', { skip: isRoot ? false : 'needs root' }, async (t) => {
  const around = new Surroundings(scratch);
  const image = scratch.file('root.erofs');
  writeImage({
    root: directory({
      null: device('character', 1, 3, { permissions: 0o666 }),
      tool: file('x', { permissions: 0o6755, uid: 3, gid: 4 }),
    }),
  }).save(image);
  const said = await erofs(['extract', '--strict', '--devices', '--suid', image, around.target]);
  t.equal(said.status, 0, describeRun(said));
  t.ok(lstatSync(join(around.target, 'null')).isCharacterDevice());
  t.match(lstatSync(join(around.target, 'tool')), { uid: 3, gid: 4, mode: 0o106755 });
});

t.test('what stands in the way of a file may have another name elsewhere', async (t) => {
  const around = new Surroundings(scratch);
  const other = join(around.path, 'other-name');
  writeFileSync(other, 'kept');
  linkSync(other, join(around.target, 'f'));
  const image = scratch.file('image.erofs');
  writeImage({ root: entries(['f', inside()]) }).save(image);
  const said = await erofs(['extract', '--force', image, around.target]);
  t.equal(said.status, 0, describeRun(said));
  t.equal(readFileSync(other, 'utf8'), 'kept', 'it is not written through');
  t.equal(lstatSync(other).nlink, 1, 'and has one name now');
  t.ok(existsSync(join(around.target, 'f')));
});

t.test('a neighbour that swaps names while they are made', async (t) => {
  const around = new Surroundings(scratch);
  const foreign = { uid: 4321, gid: 4321, permissions: 0o777 };
  const image = scratch.file('many.erofs');
  const names = Array.from(
    { length: Number(process.env.ROUNDS ?? 150) },
    (_, index): [string, NodeSpec][] => [
      [`d${index}`, directory({ secret: file('inside', foreign), new: file('inside', foreign) }, foreign)],
      [`f${index}`, file('inside', foreign)],
      [`l${index}`, symlink('f', foreign)],
      [`p${index}`, fifo(foreign)],
    ],
  );
  writeImage({ root: entries(...names.flat()) }).save(image);
  const before = around.seen();
  const ready = join(scratch.folder(), 'ready');
  const neighbour = run('python3', ['-c', SWAP, around.target, around.outside, ready], { limit: 120 });
  t.ok(await until(async () => existsSync(ready)), 'the neighbour looks on');
  const said = await erofs(['extract', image, around.target]);
  writeFileSync(join(around.target, 'stop'), '');
  const swapped = await neighbour;
  t.equal(swapped.status, 0, describeRun(swapped));
  t.ok(Number(swapped.stdout) > 0, `${swapped.stdout.trim()} names were swapped meanwhile`);
  t.match(said.stdout, /^extracted /, describeRun(said));
  const after = around.seen();
  // the neighbour's own hard links count as names and as a change of the inode
  for (const path of Object.keys(before))
    t.equal(withoutLinks(after[path]), withoutLinks(before[path]), path);
  t.same(Object.keys(after), Object.keys(before));
});

/** Without the number of names and the time of the last change. */
function withoutLinks(seen: string | undefined): string {
  const [mode, uid, gid, size, , ino, mtime, , ...content] = seen?.split(' ') ?? [];
  return [mode, uid, gid, size, ino, mtime, ...content].join(' ');
}

/** Puts links to what is outside in the place of all that appears: symbolic ones for folders, hard ones for the rest. */
const SWAP = `
import os, sys
target, outside, ready = sys.argv[1:]
open(ready, "w").close()
swapped = 0
while not os.path.lexists(target + "/stop"):
    for entry in os.listdir(target):
        path = target + "/" + entry
        try:
            if entry[0] == "d" and not os.path.islink(path):
                os.rename(path, target + "/moved-" + entry)
                os.symlink(outside, path)
            elif entry[0] in "flp" and os.lstat(path).st_ino != os.lstat(outside + "/secret").st_ino:
                os.unlink(path)
                os.link(outside + "/secret", path)
            else:
                continue
            swapped += 1
        except OSError:
            pass
print(swapped)
`;
