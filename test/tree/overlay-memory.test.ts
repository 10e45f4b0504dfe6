/** Directories of more names than there is room to remember: what is shown is the same. */
import t from 'tap';
import { directory, file } from '../support/image-writer-node.js';
import { contentOf, metacopy, namesOf, nodeAt, overlayOf, text, whiteout } from './overlay-images.js';

const NAMES = 3000;
const name = (n: number): string => `name-${n}`;
const all = Array.from({ length: NAMES }, (_, n) => n);
/** Bytes: of 3000 names a filter takes 48 KiB, the parents of 3000 files 120 KiB, the names of 3000 directories 480. */
const ROOM = 30 << 10;

t.test('names that are hidden by layers above', async (t) => {
  const layers = [
    directory(all.map((n) => [name(n), file('low')] as const)),
    directory(
      all
        .filter((n) => n % 3 === 0)
        .map((n) => [name(n), n % 2 === 0 ? whiteout() : file('middle')] as const),
    ),
    directory(all.filter((n) => n % 2 === 1).map((n) => [name(n), file('high')] as const)),
  ];
  const roomy = await overlayOf(t, layers);
  const tight = await overlayOf(t, layers, { names: ROOM });
  const shown = namesOf(tight, tight.root);
  t.strictSame(shown, namesOf(roomy, roomy.root));
  t.equal(new Set(shown).size, shown.length, 'each once');
  t.equal(shown.length, 2 + all.filter((n) => n % 6 !== 0).length);
});

t.test('where files and directories are, by their ids alone', async (t) => {
  const layers = [
    directory({
      files: directory(all.map((n) => [name(n), file(`bytes of ${n}`)] as const)),
      folders: directory(all.map((n) => [name(n), directory({ low: file('') })] as const)),
    }),
    directory({
      files: directory(all.map((n) => [name(n), metacopy(`bytes of ${n}`.length)] as const)),
      folders: directory(all.map((n) => [name(n), directory({ high: file('') })] as const)),
    }),
  ];
  const first = await overlayOf(t, layers);
  // what it knows of these it has to find out by itself
  const second = await overlayOf(t, layers, { names: ROOM });
  for (const n of [0, 2999, 17, 1500, 0, 2998]) {
    const id = nodeAt(first, `files/${name(n)}`);
    const bytes = new Uint8Array(40);
    t.equal(text(bytes.subarray(0, second.read(id, 0, bytes))), contentOf(first, `files/${name(n)}`));
    const names = namesOf(second, nodeAt(first, `folders/${name(n)}`)).sort();
    t.strictSame(names, ['.', '..', 'high', 'low']);
  }
});
