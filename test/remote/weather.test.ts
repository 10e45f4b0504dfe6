/** Whatever mixture of faults: right bytes or a RemoteError, and no byte twice or out of order (opened-blob.ts looks). */
import t from 'tap';
import { Random } from '../support/random.js';
import { type Fault, FaultServer, serve, serveWhole } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const SIZE = 100_000;
const READS = 150;

for (const seed of [1, 2, 3]) {
  t.test(`seed ${seed}`, async (t) => {
    const random = new Random(seed);
    const main = await FaultServer.start(t, blobOf(SIZE));
    const mirror = await FaultServer.start(t, main.blob);
    const moved = await FaultServer.start(t, main.blob);
    const limits = {
      stall: 150,
      hedgeAfter: 40,
      hedgeBelow: SIZE,
      breakerRest: 20,
      tries: 3,
      deadline: 2_000,
    };
    const { read } = await openedBlob(t, main.url(), { mirrors: [mirror.url()], limits });
    const kinds: readonly (() => Fault)[] = [
      () => faults.reset,
      () => faults.resetAfter(random.below(5000)),
      () => faults.cutAfter(random.below(5000)),
      () => faults.shorter(1 + random.below(5000)),
      () => faults.shortBody(random.below(5000)),
      () => faults.stallAfter(random.below(5000)),
      () => faults.drip(1),
      () => faults.status(500 + random.below(5)),
      () => faults.status(429, { 'retry-after': '0' }),
      () => faults.withFields({ 'content-encoding': 'br' }),
      () => faults.partClaiming('bytes 0-9/100000'),
      () => faults.redirect(moved.url(`/${random.below(1000)}`)),
      () => faults.whole,
      () => faults.wholeCut(random.below(SIZE)),
    ];
    const sometimes: Fault = (exchange) => {
      const isFault = random.below(3) === 0;
      if (isFault) kinds[random.below(kinds.length)]!()(exchange);
      else serve(exchange);
    };
    main.always = moved.always = sometimes;
    // one that ignores Range would be left for good
    mirror.always = (exchange) => (random.below(4) === 0 ? faults.reset : serve)(exchange);
    let failed = 0;
    const one = async () => {
      const offset = random.below(SIZE);
      const length = 1 + random.below(Math.min(SIZE - offset, 20_000));
      try {
        const bytes = await read(offset, length);
        if (!same(bytes, main.blob.subarray(offset, offset + length))) t.fail(`wrong bytes from ${offset}`);
      } catch (error) {
        failed += 1;
        t.equal((error as Error).name, 'RemoteError', String(error));
      }
    };
    for (let count = 0; count < READS; count += 10) await Promise.all(Array.from({ length: 10 }, one));
    t.ok(failed < READS / 3, `${failed} of ${READS} reads failed`);
    main.always = moved.always = mirror.always = undefined;
    t.ok(same(await read(0, SIZE), main.blob), 'fair weather again');
    main.always = serveWhole;
    t.ok(same(await read(0, SIZE), main.blob));
  });
}
