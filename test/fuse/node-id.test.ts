import t from 'tap';
import { readNodeId, writeNodeId } from '../../src/fuse/node-id.js';

const ROOT = 36;

t.test('every node id comes back, and is the node id plus 2', async (t) => {
  const view = new DataView(new ArrayBuffer(8));
  const nodes = [
    0,
    1,
    35,
    37,
    2 ** 32 - 3,
    2 ** 32 - 2,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 40 + 5,
    2 ** 52,
    2 ** 53 - 3,
  ];
  for (const node of nodes) {
    writeNodeId(view, 0, node, ROOT);
    t.equal(view.getBigUint64(0, true), BigInt(node) + 2n);
    t.equal(readNodeId(view, 0, ROOT), node);
  }
});

t.test('the root is 1, whatever its node', async (t) => {
  const view = new DataView(new ArrayBuffer(8));
  writeNodeId(view, 0, ROOT, ROOT);
  t.equal(view.getBigUint64(0, true), 1n);
  t.equal(readNodeId(view, 0, ROOT), ROOT);
});

t.test('ids that nobody was given', async (t) => {
  const view = new DataView(new ArrayBuffer(8));
  for (const id of [0n, 2n ** 53n, 2n ** 64n - 1n]) {
    view.setBigUint64(0, id, true);
    t.equal(readNodeId(view, 0, ROOT), undefined);
  }
});
