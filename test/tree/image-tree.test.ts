import t from 'tap';
import { openImage } from '../../src/open.js';
import { fixture } from '../support/fixture.js';

const encode = (text: string) => new TextEncoder().encode(text);
const { image } = fixture('plain');

t.test('uid and gid stand for every owner', async (t) => {
  const own = await openImage({ image });
  const { tree, close } = await openImage({ image, uid: 7, gid: 8 });
  t.teardown(() => {
    own.close();
    close();
  });
  const owners = tree.lookup(tree.root, encode('owners'))!;
  const big = tree.lookup(owners, encode('big'))!;
  t.match(own.tree.getattr(big), { uid: 4_000_000_001, gid: 3_000_000_002 });
  for (const node of [tree.root, owners, big]) t.match(tree.getattr(node), { uid: 7, gid: 8 });
});

t.test('calls that do not fit the node say so', async (t) => {
  const { tree, close } = await openImage({ image });
  t.teardown(close);
  const file = tree.lookup(tree.root, encode('sym-short'))!;
  t.throws(() => tree.lookup(file, encode('x')), { code: 'not-directory' });
  t.throws(() => tree.readdir(file, 0, () => true), { code: 'not-directory' });
  t.throws(() => tree.readlink(tree.root), { code: 'not-symlink' });
  t.throws(() => tree.read(tree.root, 0, new Uint8Array(1)), { code: 'is-directory' });
});

t.test('holes are found, and their ends', async (t) => {
  const { tree, close } = await openImage({ image: fixture('chunk4k').image });
  t.teardown(close);
  const data = tree.lookup(tree.root, encode('data'))!;
  const sparse = tree.lookup(data, encode('sparse.bin'))!;
  const { size } = tree.getattr(sparse);
  const hole = tree.seek(sparse, 0, 'hole')!;
  const next = tree.seek(sparse, hole, 'data')!;
  t.ok(hole > 0 && next > hole && next < size, `hole from ${hole} to ${next} of ${size}`);
  const zeros = new Uint8Array(next - hole);
  t.equal(tree.read(sparse, hole, zeros), zeros.length);
  t.ok(zeros.every((byte) => byte === 0));
  t.equal(tree.seek(sparse, size, 'data'), undefined);
  t.equal(tree.seek(sparse, size, 'hole'), undefined);
  const text = tree.lookup(data, encode('text.bin'))!;
  t.equal(tree.seek(text, 5, 'data'), 5);
  t.equal(tree.seek(text, 5, 'hole'), tree.getattr(text).size, 'the end of a file is a hole');
  const whole = tree.lookup(data, encode('all-hole.bin'))!;
  t.equal(tree.seek(whole, 10, 'hole'), 10);
  t.equal(tree.seek(whole, 10, 'data'), undefined);
});
