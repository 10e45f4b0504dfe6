/** Bytes that a registry's disk has wrong: what is proven by chunks or blocks is an error until it is mended, what by its digest too. */
import t, { type Test } from 'tap';
import {
  Customer,
  end,
  flipStored,
  imageAt,
  inside,
  logOf,
  pusherOf,
  readFailed,
  readFile,
  readRight,
} from '../support/container.js';
import { indexApart, indexInside, withTree } from '../support/container-layers.js';
import { devFuseRoot } from '../support/front-end.js';
import { RegistryServer, withoutRegistry } from '../support/registry.js';
import { type LayerToPush, sha256 } from '../support/registry-push.js';
import { spreadImage } from '../support/remote-spread.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';

const scratch = new Scratch(t);
const skip = devFuseRoot.missing ?? withoutRegistry();
t.jobs = 3;
const KIB = 1024;
const spread = spreadImage(9, { kept: 100 * KIB, victim: 150 * KIB, other: 60 * KIB });
const { bytes: image, files } = spread;
const [kept, victim, other] = ['kept', 'victim', 'other'].map((name) => files.get(name)!) as Three;
type Three = [Uint8Array, Uint8Array, Uint8Array];

/** Only what is read comes, and it comes once. */
const BARE = ['--readahead', '0', '--hedge-after', '0', '--merge-gap', '0', '--prefetch', 'none'];

async function pushed(t: Test, layers: readonly LayerToPush[]) {
  const registry = await RegistryServer.start(t, scratch);
  await pusherOf(registry).image({ layers }, 'one');
  const digest = sha256(layers[0]!.bytes);
  /** That were answered for the layer, of its ranges. */
  const asked = () =>
    registry.requests().filter(({ path, status }) => path.includes(digest) && status === 206);
  return { registry, digest, asked, customer: new Customer(scratch), image: imageAt(registry, 'one') };
}

for (const [name, layers, complaint] of [
  ['a compressed chunk', indexInside(image), /bytes \d+ to \d+ of the packed layer came wrong twice/],
  ['a chunk', indexApart(image, { isCompressed: false }), /came wrong twice/],
  ['a block under a hash tree', withTree(image), /does not match/],
] as const) {
  t.test(`${name} that is wrong`, { skip, buffered: true }, async (t) => {
    const { registry, digest, asked, customer, image } = await pushed(t, layers);
    const mend = flipStored(registry, digest, inside(victim));
    const mounted = await customer.mount(scratch, devFuseRoot, { image, words: BARE });
    t.match(await readFile(mounted, 'kept'), readRight(kept));
    const before = asked().length;
    t.match(await readFile(mounted, 'victim'), readFailed(/victim: Input\/output error/));
    const tries = asked().map(({ path }) => path).length - before;
    t.ok(tries >= 2, `asked ${tries} times`);
    t.match(logOf(mounted), complaint, 'the log says it');
    t.ok(logOf(mounted).includes(digest), 'and of which layer');
    t.match(await readFile(mounted, 'other'), readRight(other), 'the others are right');
    mend();
    t.match(await readFile(mounted, 'victim'), readRight(victim), 'right again once it is mended');
    await end(t, mounted);
  });
}

t.test('a byte of a layer that its digest alone proves', { skip, buffered: true }, async (t) => {
  const { registry, digest, customer, image } = await pushed(t, [{ bytes: spread.bytes }]);
  const mend = flipStored(registry, digest, inside(victim));
  const mounted = await customer.mount(scratch, devFuseRoot, { image, words: ['--prefetch', 'all'] });
  t.ok(await until(() => logOf(mounted).includes('has the digest')), 'it is told when all of it is here');
  t.match(logOf(mounted), new RegExp(`should have ${digest}`));
  t.match(await readFile(mounted, 'victim'), readFailed(/victim: Input\/output error/));
  t.match(
    await readFile(mounted, 'other'),
    readFailed(/other: Input\/output error/),
    'nothing of it is believed',
  );
  await end(t, mounted);

  const pulled = await customer.erofs('pull', [image]);
  t.match(pulled, { status: 1, stdout: '', stderr: /^erofs pull: [^\n]*should have sha256:[^\n]*\n$/ });
  mend();
  t.match(await customer.erofs('pull', [image]), { status: 0, stderr: '' }, 'pulled once it is mended');
  await registry.stop();
  const offline = await customer.mount(scratch, devFuseRoot, { image, words: ['--offline'] });
  t.match(await readFile(offline, 'victim'), readRight(victim));
  await end(t, offline);
});

t.test('several layers, all of them pulled, one of them wrong', { skip, buffered: true }, async (t) => {
  const second = spreadImage(10, { further: 50 * KIB });
  const layers = [{ bytes: image }, { bytes: second.bytes }];
  const { registry, digest, customer, image: name } = await pushed(t, layers);
  flipStored(registry, digest, inside(victim));
  const mounted = await customer.mount(scratch, devFuseRoot, { image: name, words: ['--prefetch', 'all'] });
  t.ok(await until(() => logOf(mounted).includes('has the digest')));
  t.match(await readFile(mounted, 'victim'), readFailed(/Input\/output error/));
  t.match(
    await readFile(mounted, 'further'),
    readRight(second.files.get('further')!),
    'the other one is right',
  );
  await end(t, mounted);
});
