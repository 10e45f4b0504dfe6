/** Every way to change a mount is answered with EROFS, by every front end, for root and for a plain user. */
import t from 'tap';
import { fixture } from '../support/fixture.js';
import { devFusePlain, devFuseRoot, fuseNative, kernelDriver } from '../support/front-end.js';
import { mount, remains } from '../support/mounted.js';
import { program } from '../support/paths.js';
import { noPython, observe } from '../support/python.js';
import { Scratch } from '../support/scratch.js';

const scratch = new Scratch(t);

for (const front of [devFuseRoot, devFusePlain, fuseNative, kernelDriver]) {
  t.test(front.name, { skip: front.missing ?? noPython ?? false }, async (t) => {
    const mounted = await mount(scratch, front, fixture('lz4'));
    t.ok(mounted.line.options.includes('ro'), `the mount table says ro: ${mounted.line.options.join(',')}`);
    const answers = await observe<Record<string, string>>(
      program('write-attempts.py'),
      [mounted.mountpoint, 'sizes/text-4096'],
      { user: front.user },
    );
    for (const [attempt, answer] of Object.entries(answers)) t.equal(answer, 'EROFS', attempt);
    await mounted.unmountFromOutside();
    t.same(await remains(mounted.mountpoint), []);
  });
}
