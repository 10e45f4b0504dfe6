/**
 * What is looked for: predicates of find(1), all of which must hold, and some that only an image has.
 *
 * LAW of this room: a predicate reads no more than it needs, and those that read nothing come first.
 */
import { xattrsOf } from '../commands/content.js';
import { isDirectory, isRegular } from '../commands/mode-string.js';
import { namesAfter } from '../commands/names.js';
import type { Entry } from '../commands/walk.js';
import { ALGORITHM_NAMES, LAYOUT_NAMES, Layout } from '../erofs-reader/layout.js';
import type { OpenedImage } from '../open.js';
import { storedExtentsOf } from '../report/extents.js';
import { accountId } from './accounts.js';
import { FindError } from './errors.js';
import { Glob } from './glob.js';
import { compares, readComparison, readSizeComparison, readTime } from './numbers.js';
import { permits, readPermissions } from './permissions.js';

/** As given on the command line, by option; a predicate that is not given holds. */
export interface FindOptions {
  readonly name?: string | undefined;
  readonly iname?: string | undefined;
  readonly path?: string | undefined;
  readonly type?: string | undefined;
  readonly size?: string | undefined;
  readonly mtime?: string | undefined;
  readonly newermt?: string | undefined;
  readonly perm?: string | undefined;
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly uid?: string | undefined;
  readonly gid?: string | undefined;
  readonly links?: string | undefined;
  readonly empty?: boolean | undefined;
  readonly xattr?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly layout?: string | undefined;
}

/** `path` is the one that is printed. Rejects as reading does. */
export type Predicate = (entry: Entry, path: Uint8Array) => boolean | Promise<boolean>;

const DAY = 86_400;

/** `now` in seconds since 1970. Rejects with FindError, or as the image does for the names of users and groups. */
export async function predicatesOf(
  opened: OpenedImage,
  options: FindOptions,
  now: number,
): Promise<Predicate[]> {
  return [
    ...attributePredicates(options, now),
    ...(await ownerPredicates(opened, options)),
    ...namePredicates(options),
    ...readingPredicates(opened, options),
  ];
}

function attributePredicates(options: FindOptions, now: number): Predicate[] {
  const { type, size, mtime, newermt, perm, uid, gid, links } = options;
  const found: Predicate[] = [];
  if (type !== undefined) {
    const modes = readTypes(type);
    found.push(({ attr }) => modes.has(attr.mode & S_IFMT));
  }
  if (size !== undefined) {
    const wanted = readSizeComparison('size', size);
    found.push(({ attr }) => compares(wanted, Math.ceil(attr.size / wanted.unit)));
  }
  if (mtime !== undefined) {
    const days = readComparison('mtime', mtime);
    found.push(({ attr }) =>
      compares(days, Math.floor((now - attr.mtimeSeconds - attr.mtimeNanoseconds / 1e9) / DAY)),
    );
  }
  if (newermt !== undefined) {
    const { seconds, nanoseconds } = readTime('newermt', newermt);
    found.push(
      ({ attr }) =>
        attr.mtimeSeconds > seconds || (attr.mtimeSeconds === seconds && attr.mtimeNanoseconds > nanoseconds),
    );
  }
  if (perm !== undefined) {
    const wanted = readPermissions('perm', perm);
    found.push(({ attr }) => permits(wanted, attr.mode));
  }
  for (const [option, text] of Object.entries({ uid, gid, links: links })) {
    if (text === undefined) continue;
    const wanted = readComparison(option, text);
    const field = option === 'links' ? 'nlink' : (option as 'uid' | 'gid');
    found.push(({ attr }) => compares(wanted, attr[field]));
  }
  return found;
}

async function ownerPredicates(opened: OpenedImage, { user, group }: FindOptions): Promise<Predicate[]> {
  const found: Predicate[] = [];
  if (user !== undefined) {
    const wanted = await accountId(opened, 'user', user);
    found.push(({ attr }) => attr.uid === wanted);
  }
  if (group !== undefined) {
    const wanted = await accountId(opened, 'group', group);
    found.push(({ attr }) => attr.gid === wanted);
  }
  return found;
}

function namePredicates({ name, iname, path }: FindOptions): Predicate[] {
  const found: Predicate[] = [];
  if (name !== undefined) found.push(nameMatches(new Glob(name)));
  if (iname !== undefined) found.push(nameMatches(new Glob(iname, true)));
  if (path !== undefined) {
    const glob = new Glob(path);
    found.push((_, shown) => glob.matches(shown));
  }
  return found;
}

const nameMatches =
  (glob: Glob): Predicate =>
  ({ name }) =>
    glob.matches(name);

function readingPredicates(opened: OpenedImage, options: FindOptions): Predicate[] {
  const { empty, xattr, algorithm, layout } = options;
  const found: Predicate[] = [];
  if (empty === true) found.push((entry) => isEmpty(opened, entry));
  if (layout !== undefined) {
    const wanted = oneOf('layout', layout, Object.values(LAYOUT_NAMES));
    found.push(async ({ node }) => LAYOUT_NAMES[(await ownInode(opened, node)).inode.layout] === wanted);
  }
  if (xattr !== undefined) {
    const glob = new Glob(xattr);
    found.push(async ({ node }) => (await xattrsOf(opened, node)).some(({ name }) => glob.matches(name)));
  }
  if (algorithm !== undefined) {
    const wanted = oneOf('algorithm', algorithm, ALGORITHM_NAMES);
    found.push((entry) => usesAlgorithm(opened, entry, wanted));
  }
  return found;
}

async function isEmpty(opened: OpenedImage, { attr, node }: Entry): Promise<boolean> {
  if (isRegular(attr.mode)) return attr.size === 0;
  if (!isDirectory(attr.mode)) return false;
  const { names } = await namesAfter(opened, node, 0);
  return names.length === 0;
}

async function ownInode(opened: OpenedImage, node: number) {
  const { layer, node: own } = opened.origin(node);
  return { layer, inode: await opened.run(() => layer.image.inode(own)) };
}

/** Whether bytes of it, or of the packed inode where its fragments are, are compressed so. */
async function usesAlgorithm(opened: OpenedImage, { node }: Entry, wanted: string): Promise<boolean> {
  const { layer, inode } = await ownInode(opened, node);
  if (inode.layout !== Layout.COMPRESSED_FULL && inode.layout !== Layout.COMPRESSED_COMPACT) return false;
  for await (const extents of storedExtentsOf(layer, inode)) {
    for (const extent of extents) {
      if (extent.kind === 'coded' && ALGORITHM_NAMES[extent.algorithm] === wanted) return true;
    }
  }
  return false;
}

const S_IFMT = 0o170000;
const TYPE_LETTERS: Readonly<Record<string, number>> = {
  f: 0o100000,
  d: 0o040000,
  l: 0o120000,
  p: 0o010000,
  s: 0o140000,
  c: 0o020000,
  b: 0o060000,
};

/** "f,d" */
function readTypes(text: string): Set<number> {
  const modes = text.split(',').map((letter) => TYPE_LETTERS[letter]);
  if (modes.includes(undefined)) {
    throw new FindError('type', text, 'f, d, l, p, s, c or b, or several with commas between them');
  }
  return new Set(modes as number[]);
}

/** The word that is meant, in whatever case. */
function oneOf(option: string, text: string, words: readonly string[]): string {
  const found = words.find((word) => word.toLowerCase() === text.toLowerCase());
  if (found === undefined)
    throw new FindError(option, text, words.join(', ').replace(/, ([^,]*)$/, ' or $1'));
  return found;
}
