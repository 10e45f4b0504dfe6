/** An image that ends too early is refused; opened all the same, what is cut off is EIO and never zeroes. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFuseRoot, fuseNative } from '../support/front-end.js';
import { fileDigests, readManifest } from '../support/manifest.js';
import { mount } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);
const block = 4096;

for (const front of [devFuseRoot, fuseNative]) {
  for (const name of ['plain', 'lz4', 'chunk4k']) {
    for (const percent of [95, 70, 45]) {
      const title = `${name} cut at ${percent} %, ${front.name}`;
      t.test(title, { skip: front.missing ?? noPython ?? false }, async (t) => {
        const { image, manifest } = fixture(name);
        const whole = readFileSync(image);
        const cut = scratch.file(
          'cut.erofs',
          whole.subarray(0, Math.floor((whole.length * percent) / 100 / block) * block),
        );
        const mounted = await mount(scratch, front, { image: cut, options: ['allow_truncated'] });
        const tried = await observe<Record<string, { read?: string; stat?: string }>>(program('try-all.py'), [
          mounted.mountpoint,
        ]);
        let good = 0;
        let refused = 0;
        const wrong: string[] = [];
        for (const [path, digest] of Object.entries(fileDigests(readManifest(manifest)))) {
          const answer = tried[path]?.read ?? tried[path]?.stat;
          if (answer === digest) good += 1;
          else if (answer === 'EIO') refused += 1;
          // what lies below a directory that is cut off has no answer at all
          else if (answer !== undefined) wrong.push(`${path}: ${answer}`);
        }
        t.same(wrong, [], 'no file has wrong bytes');
        t.ok(
          refused > 0 || Object.values(tried).some(({ stat }) => stat === 'EIO'),
          'what is cut off is EIO',
        );
        t.ok(good > 0, 'what is there can be read');
        await mounted.unmountFromOutside();
      });
    }
  }
}
