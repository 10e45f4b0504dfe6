/** The smallest budget serves every byte right, and less than that is refused with what is possible. */
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFuseRoot, fuseNative } from '../support/front-end.js';
import { fileDigests, readManifest } from '../support/manifest.js';
import { mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { erofs } from '../support/run.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

/** LZMA takes a second for each reader: a cluster that is larger than its room is decoded for each read. */
const LZMA_READERS = '2';

for (const front of [devFuseRoot, fuseNative]) {
  for (const [name, given, readers] of [
    ['lzma-c1m-dict', { words: ['--memory', '16M'] }, LZMA_READERS],
    ['lz4-dedupe-fragments-ztail', { options: ['memory=16M'] }, '8'],
  ] as const) {
    if (readers === LZMA_READERS && front === fuseNative) continue;
    t.test(
      `${name} in 16 MiB through ${front.name}`,
      { skip: front.missing ?? noPython ?? false },
      async (t) => {
        const image = fixture(name);
        const mounted = await mount(scratch, front, { ...image, ...given });
        const digests = fileDigests(readManifest(image.manifest));
        const wrong = await observe<string[]>(program('readers.py'), [mounted.mountpoint, readers, '1'], {
          user: front.user,
          input: JSON.stringify(digests),
        });
        t.same(wrong, [], 'every reader got the right bytes');
        await mounted.unmountFromOutside();
        t.same(await remains(mounted.mountpoint), []);
      },
    );
  }
}

t.test('too little', async (t) => {
  const said = await erofs(['mount', '--memory', '1M', fixture('plain').image, scratch.folder()]);
  t.equal(said.status, 2);
  t.match(said.stderr, /^erofs mount: --memory 1M: expected 16M or more: /);
});
