import t from 'tap';
import { dmVerityTree } from '../../src/verity/dm-verity.js';
import { TreeBuilder } from '../../src/verity/tree-builder.js';
import { TreeShape } from '../../src/verity/tree-shape.js';
import { Random } from '../support/random.js';

t.test('40 MiB at 4 KiB: the root block, then 80 leaf blocks', async (t) => {
  const shape = new TreeShape({
    dataBlocks: 10240,
    dataBlockSize: 4096,
    hashBlockSize: 4096,
    digestSize: 32,
    slotSize: 32,
  });
  t.strictSame(shape.levelBlocks, [80, 1]);
  t.equal(shape.size, 81 * 4096);
  t.equal(shape.hashBlock(0, 10239), 80);
  t.equal(shape.digestOffset(0, 10239), 127 * 32);
  t.equal(shape.hashBlock(1, 10239), 0);
  t.equal(shape.digestOffset(1, 10239), 79 * 32);
  t.equal(shape.coverage(0), 128);
});

t.test('the numbers agree with those of integers of any size, up to 2^53 bytes', async (t) => {
  const random = new Random(5);
  for (let round = 0; round < 300; round++) {
    const hashBlockSize = 512 << random.below(8);
    const dataBlockSize = 512 << random.below(8);
    const digestSize = [20, 32, 48, 64][random.below(4)]!;
    const slotSize = [digestSize, 64][random.below(2)]!;
    const bits = BigInt(Math.floor(Math.log2(hashBlockSize / digestSize)));
    const most = Math.floor(Number.MAX_SAFE_INTEGER / dataBlockSize);
    const dataBlocks = 1 + Math.floor(most / 2 ** random.below(45)) - (round % 2);
    if (dataBlocks < 2 || dataBlocks > most) continue;
    const shape = new TreeShape({ dataBlocks, dataBlockSize, hashBlockSize, digestSize, slotSize });
    const starts: bigint[] = [];
    let next = 0n;
    for (const count of shape.levelBlocks.toReversed()) {
      starts.unshift(next);
      next += BigInt(count);
    }
    t.equal(BigInt(shape.size), next * BigInt(hashBlockSize));
    for (const block of [0, dataBlocks - 1, Math.floor(dataBlocks / 3), Math.floor(dataBlocks / 2)]) {
      for (let level = 0; level < shape.levels; level++) {
        const position = BigInt(block) >> (BigInt(level) * bits);
        t.equal(BigInt(shape.hashBlock(level, block)), starts[level]! + (position >> bits));
        t.equal(
          shape.digestOffset(level, block),
          Number(position & ((1n << bits) - 1n)) * slotSize,
          `block ${block} of ${dataBlocks}, level ${level}`,
        );
      }
    }
    t.equal(shape.levelBlocks.at(-1), 1, 'the highest level is one block');
  }
});

t.test('what has no tree', async (t) => {
  const sizes = { dataBlockSize: 4096, hashBlockSize: 4096, digestSize: 32, slotSize: 32 };
  t.throws(() => new TreeShape({ ...sizes, dataBlocks: 0 }), { code: 'bad-parameters' });
  t.throws(() => new TreeShape({ ...sizes, dataBlocks: 2 ** 42 }), { code: 'bad-parameters' });
  t.throws(() => new TreeShape({ ...sizes, dataBlocks: 1, hashBlockSize: 32 }), {
    code: 'bad-parameters',
    message: /no room for two digests/,
  });
  t.equal(new TreeShape({ ...sizes, dataBlocks: 1 }).levels, 0);
});

t.test('a tree is built from all the data, in whole blocks', async (t) => {
  const tree = dmVerityTree({
    hashType: 1,
    algorithm: 'sha256',
    dataBlockSize: 512,
    hashBlockSize: 512,
    dataBlocks: 4,
    salt: new Uint8Array(),
  });
  const builder = new TreeBuilder(tree);
  t.throws(() => builder.add(new Uint8Array(700)), { code: 'data-size' });
  t.throws(() => builder.add(new Uint8Array(2560)), { code: 'data-size' });
  builder.add(new Uint8Array(1536));
  t.throws(() => builder.finish(), { code: 'data-size', message: /after 1536 bytes, 2048/ });
  builder.add(new Uint8Array(512));
  t.equal(builder.finish().bytes.length, 512);
});
