/** 64 processes read the same mount at once, by read, pread, mmap, O_DIRECT and sendfile, and all get the right bytes. */
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFusePlain, devFuseRoot, fuseNative } from '../support/front-end.js';
import { fileDigests, readManifest } from '../support/manifest.js';
import { mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { Scratch } from '../support/scratch.js';

const readers = 64;
const scratch = new Scratch(t);

for (const front of [devFuseRoot, devFusePlain, fuseNative]) {
  for (const name of ['lz4-dedupe-fragments-ztail', 'chunk4k']) {
    t.test(`${name} through ${front.name}`, { skip: front.missing ?? noPython ?? false }, async (t) => {
      const image = fixture(name);
      const mounted = await mount(scratch, front, image);
      const digests = fileDigests(readManifest(image.manifest));
      t.ok(Object.keys(digests).length > 50, 'there is something to read');
      const wrong = await observe<string[]>(program('readers.py'), [mounted.mountpoint, `${readers}`, '1'], {
        user: front.user,
        input: JSON.stringify(digests),
      });
      t.same(wrong, [], 'every reader got the right bytes');
      await mounted.unmountFromOutside();
      t.same(await remains(mounted.mountpoint), []);
    });
  }
}
