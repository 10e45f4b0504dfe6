/** Layers whose bytes have to be fetched: what an operation misses of all of them is fetched together. */
import t from 'tap';
import type { BlockCache } from '../../src/cache/block-cache.js';
import { drive, Pins } from '../../src/cache/driver.js';
import type { Miss } from '../../src/erofs-reader/bytes.js';
import { openSources } from '../../src/open.js';
import { OverlayTree } from '../../src/tree/overlay-tree.js';
import { overlay } from '../support/composefs.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file, type NodeSpec } from '../support/image-writer-node.js';
import { RemoteSource } from '../support/memory-source.js';
import { bytes, metacopy, namesOf, nodeAt, redirected, whiteout } from './overlay-images.js';

/** Runs an operation as a mount does, and tells how many times it had to wait. */
async function run<T>(operation: () => T): Promise<{ result: T; rounds: number }> {
  let rounds = 0;
  const fill = async (miss: Miss): Promise<void> => {
    rounds++;
    for (const view of new Set(miss.ranges.map(({ view }) => view as BlockCache))) {
      const pins = new Pins();
      await view.fill(miss, pins);
      view.unpin(pins); // what was fetched stays in memory all the same
    }
  };
  const result = await drive(operation, { fill, unpin: () => {} });
  return { result, rounds };
}

async function remoteOverlay(
  roots: readonly NodeSpec[],
  data: readonly NodeSpec[] = [],
): Promise<OverlayTree> {
  const open = async (root: NodeSpec) => {
    const { bytes: sparse } = writeImage({ root });
    const whole = new Uint8Array(sparse.size);
    sparse.read(whole, 0);
    return { tree: (await openSources([new RemoteSource(whole)], {})).tree };
  };
  const layers = await Promise.all(roots.map(open));
  const dataLayers = await Promise.all(data.map(open));
  const { result } = await run(
    () => new OverlayTree([...layers, ...dataLayers.map(({ tree }) => ({ tree, dataOnly: true }))]),
  );
  return result;
}

/** Far enough from the directories that they are fetched apart: metadata is cached in blocks of 16 KiB. */
const far = (layer: number) => ({ nid: 4096 + 4096 * layer });

t.test('128 layers cost the rounds of one', async (t) => {
  const roots = Array.from({ length: 128 }, (_, layer) =>
    directory({
      usr: directory(
        {
          lib: directory({ [`own-${layer}`]: file('', far(3)), same: file('x', far(4)) }, far(2)),
        },
        far(1),
      ),
    }),
  );
  const tree = await remoteOverlay(roots);
  const one = await remoteOverlay(roots.slice(0, 1));
  const steps = async (tree: OverlayTree): Promise<number[]> => {
    const usr = await run(() => tree.lookup(tree.root, bytes('usr'))!);
    const lib = await run(() => tree.lookup(usr.result, bytes('lib'))!);
    const attempts: string[][] = [];
    const names = await run(() => {
      const given: string[] = [];
      attempts.push(given);
      tree.readdir(lib.result, 0, ({ name }) => given.push(Buffer.from(name).toString()) > 0);
    });
    const all = attempts.at(-1)!;
    for (const given of attempts)
      t.same(given, all.slice(0, given.length), 'nothing is given behind what is missed');
    const same = await run(() => tree.getattr(nodeAt(tree, 'usr/lib/same')).size);
    const nothing = await run(() => tree.lookup(lib.result, bytes('nothing')));
    t.equal(same.result, 1);
    t.equal(nothing.result, undefined);
    return [usr, lib, names, same, nothing].map(({ rounds }) => rounds);
  };
  const rounds = await steps(tree);
  const least = await steps(one);
  t.ok(rounds[0]! > 0 && rounds[1]! > 0 && rounds[2]! > 0, `something was missed: ${rounds}`);
  for (const [step, count] of rounds.entries()) {
    t.ok(count <= 2 * least[step]! + 2, `step ${step}: ${count} rounds, a single layer takes ${least[step]}`);
  }
});

t.test('everything there is to follow', async (t) => {
  const roots = [
    directory({
      old: directory({ a: file('data', far(2)), b: file('more', far(3)) }, far(1)),
      gone: file('', far(4)),
    }),
    directory({
      old: whiteout(),
      new: directory({ a: metacopy(4, undefined, far(2)) }, { ...redirected('old'), ...far(1) }),
    }),
    directory({
      gone: whiteout(),
      elsewhere: metacopy(6, '/ab/cd', far(5)),
      shut: directory({}, { xattrs: [overlay('opaque', 'y')], ...far(6) }),
    }),
  ];
  const data = [directory({}), directory({ ab: directory({ cd: file('object', far(2)) }, far(1)) })];
  const tree = await remoteOverlay(roots, data);
  const read = async (path: string, length: number) => {
    const node = (await run(() => nodeAt(tree, path))).result;
    const dst = new Uint8Array(length);
    await run(() => tree.read(node, 0, dst));
    return Buffer.from(dst).toString();
  };
  t.equal(await read('new/a', 4), 'data');
  t.equal(await read('new/b', 4), 'more');
  t.equal(await read('elsewhere', 6), 'object');
  t.same((await run(() => namesOf(tree, tree.root))).result.sort(), ['.', '..', 'elsewhere', 'new', 'shut']);
});

t.test('a file without its bytes, known by its id alone', async (t) => {
  const folders = (content: (layer: number) => NodeSpec) =>
    directory(
      Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [`d-${i}`, directory({ file: content(i) }, far(1 + i))]),
      ),
    );
  const roots = [
    folders((i) => file(`${i % 10}`, far(100 + i))),
    folders((i) => metacopy(1, undefined, far(100 + i))),
  ];
  const tree = await remoteOverlay(roots);
  const { result: node } = await run(() => nodeAt(tree, 'd-33/file'));
  const stranger = await remoteOverlay(roots);
  const dst = new Uint8Array(1);
  const { rounds } = await run(() => stranger.read(node, 0, dst));
  t.equal(Buffer.from(dst).toString(), '3');
  t.ok(rounds < 20, `${rounds} rounds for a walk over 40 directories`);
});
