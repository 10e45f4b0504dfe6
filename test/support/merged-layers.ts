/** Three layers in which everything happens that layers do to each other, and what is seen of them. */
import { join } from 'node:path';
import { overlay } from './composefs.js';
import { writeImage } from './image-writer.js';
import { flat } from './image-writer-body.js';
import { device, directory, file, type NodeSpec, symlink } from './image-writer-node.js';
import { XattrIndex, xattr } from './image-writer-xattr.js';
import { Random } from './random.js';

export const whiteout = device('character', 0, 0);
export const opaque = { xattrs: [overlay('opaque', 'y')] };

const linked = file('one inode, two names', { permissions: 0o600 });
const large = new Random(29).bytes(300_000);

/** The lowest first. */
export const threeLayers: readonly NodeSpec[] = [
  directory({
    kept: file('base', { uid: 7, gid: 8, seconds: 1, nanoseconds: 2 }),
    gone: file('base'),
    changed: file('base'),
    large: file(flat(large)),
    'a link': linked,
    'b link': linked,
    merged: directory({ low: file('low'), both: file('base'), gone: file('gone') }, { permissions: 0o700 }),
    hidden: directory({ below: file('below') }),
    'file over directory': directory({ inner: file('inner') }),
    'directory over file': file('file'),
    back: file('first'),
  }),
  directory({
    gone: whiteout,
    changed: file('middle', { xattrs: [xattr(XattrIndex.user, 'colour', 'blue')] }),
    merged: directory({ both: file('middle'), gone: whiteout, middle: file('m') }),
    hidden: directory({ only: file('only') }, opaque),
    'file over directory': file('now a file'),
    'directory over file': directory({ inside: file('inside') }),
    back: whiteout,
    link: symlink('merged/both'),
  }),
  directory(
    {
      merged: directory(
        { both: file('top'), top: directory({ deep: file('deep') }) },
        { permissions: 0o711 },
      ),
      back: file('again'),
      null: device('character', 1, 3),
    },
    { permissions: 0o750 },
  ),
];

/** What programs read of them, by path. */
export const shownOfThree: Readonly<Record<string, string | Uint8Array>> = {
  kept: 'base',
  changed: 'middle',
  large,
  'a link': 'one inode, two names',
  'b link': 'one inode, two names',
  'merged/low': 'low',
  'merged/both': 'top',
  'merged/middle': 'm',
  'merged/top/deep': 'deep',
  'hidden/only': 'only',
  'file over directory': 'now a file',
  'directory over file/inside': 'inside',
  back: 'again',
};

/** Writes images into a folder; the lowest first, as are the paths that it gives. */
export function saveLayers(folder: string, roots: readonly NodeSpec[]): string[] {
  return roots.map((root, number) => {
    const path = join(folder, `layer-${number}.erofs`);
    writeImage({ root }).save(path);
    return path;
  });
}

/** The words of a command for several images. */
export const layerWords = ([image, ...above]: readonly string[]) => ({
  image: image!,
  words: above.flatMap((upper) => ['--upper', upper]),
});
