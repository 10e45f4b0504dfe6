/** Only bytes that match the root come out, whatever happens to data, tree or the order of reads. */
import t from 'tap';
import type { Source } from '../../src/cache/source.js';
import { IntegrityError } from '../../src/verity/errors.js';
import { fsVerityTree } from '../../src/verity/fs-verity.js';
import { Random } from '../support/random.js';
import { build } from '../verity/vectors.js';
import { BLOCK, dmMade, local, type Made, made, Remote, readOf, sourceOf } from './verified.js';

/** Whether a byte of [data | tree] is on the way from the root to a data block. */
function isAbove(made: Made, position: number, block: number): boolean {
  const { shape, dataSize } = made.tree;
  if (position < dataSize) return Math.floor(position / shape.dataBlockSize) === block;
  const number = Math.floor((position - dataSize) / shape.hashBlockSize);
  return Array.from({ length: shape.levels }, (_, level) => shape.hashBlock(level, block)).includes(number);
}

for (const kind of ['local', 'remote'] as const) {
  const over = (bytes: Uint8Array): Source => (kind === 'local' ? local(bytes) : new Remote(bytes));

  t.test(`${kind}: any flipped byte fails the reads under it and no others`, async (t) => {
    const random = new Random(11);
    const cases: Made[] = [
      dmMade(40),
      dmMade(5, { dataBlockSize: 1024, salt: new Uint8Array() }),
      dmMade(9, { hashBlockSize: 1024, hashType: 0, algorithm: 'sha384' }),
      dmMade(1),
      made(
        fsVerityTree({ algorithm: 'sha256', blockSize: 512, salt: new Uint8Array([7]) }, 8900)!,
        random.bytes(8900),
      ),
    ];
    for (const made of cases) {
      const { dataBlocks, dataBlockSize } = made.tree.shape;
      const whole = new Uint8Array(made.tree.dataSize + made.nodes.length);
      whole.set(made.data);
      whole.set(made.nodes, made.tree.dataSize);
      const wrong: string[] = [];
      // the remote half walks the same code above: a prime step meets every block at changing places
      for (let position = 0; position < whole.length; position += kind === 'local' ? 1 : 11) {
        const flip = 1 + random.below(255);
        whole[position]! ^= flip;
        const source = sourceOf(made, over(whole), over(whole), made.tree.dataSize);
        // one under the byte, and two others
        const under = Array.from({ length: dataBlocks }, (_, block) => block).find((block) =>
          isAbove(made, position, block),
        )!;
        for (const block of [under, random.below(dataBlocks), random.below(dataBlocks)]) {
          const offset = block * dataBlockSize;
          const length = Math.min(dataBlockSize, made.tree.dataSize - offset);
          const got = await readOf(source, offset, length);
          const expected = made.data.subarray(offset, offset + length);
          const failed = got instanceof IntegrityError;
          const right = got instanceof Uint8Array && Buffer.compare(got, expected) === 0;
          if (isAbove(made, position, block) ? !failed : !right)
            wrong.push(`byte ${position}, block ${block}: ${got}`);
        }
        whole[position]! ^= flip;
      }
      t.strictSame(wrong, [], `${dataBlocks} blocks of ${dataBlockSize}`);
    }
  });

  t.test(`${kind}: any read gives the bytes, at random parameters`, async (t) => {
    const random = new Random(kind.length);
    for (let round = 0; round < 60; round++) {
      const parameters = {
        hashType: random.below(2) as 0 | 1,
        algorithm: (['sha1', 'sha256', 'sha384', 'sha512'] as const)[random.below(4)]!,
        dataBlockSize: 512 << random.below(4),
        hashBlockSize: 512 << random.below(4),
        salt: random.bytes(random.below(40)),
      };
      const made = dmMade(1 + random.below(90), parameters, round);
      const holes = made.data;
      for (let i = 0; i < 3; i++) {
        const block = random.below(made.tree.shape.dataBlocks);
        holes.fill(0, block * parameters.dataBlockSize, (block + 1) * parameters.dataBlockSize);
      }
      const { root, bytes } = build(made.tree, holes);
      const source = sourceOf({ ...made, root }, over(holes), over(bytes), 0, [1, 2048, 1 << 20][round % 3]);
      for (let i = 0; i < 20; i++) {
        const offset = random.below(holes.length);
        const length = 1 + random.below(Math.min(holes.length - offset, 20_000));
        const got = await readOf(source, offset, length);
        if (got instanceof Error || Buffer.compare(got, holes.subarray(offset, offset + length)) !== 0) {
          t.fail(`${length} bytes from ${offset} on: ${got}`, { ...parameters });
        }
      }
    }
    t.pass('no byte differed');
  });

  t.test(`${kind}: beyond what the tree covers there is nothing`, async (t) => {
    const made = dmMade(4);
    const data = new Uint8Array(5 * BLOCK);
    data.set(made.data);
    const source = sourceOf(made, over(data), over(made.nodes));
    t.equal(source.size, 4 * BLOCK);
    t.match(await readOf(source, 4 * BLOCK - 1, 2), { code: 'truncated', message: /covers 2048 bytes/ });
    t.match(await readOf(source, 4 * BLOCK, 1), { code: 'truncated' });
  });

  t.test(`${kind}: what is wrong once and right when read again is right`, async (t) => {
    const made = dmMade(40);
    for (const which of ['data', 'hashes'] as const) {
      let spoiled = 0;
      const flaky = (bytes: Uint8Array): Source => {
        const spoil = (answer: Uint8Array) => {
          if (spoiled++ === 0) answer[5]! ^= 1;
        };
        if (kind === 'remote') return Object.assign(new Remote(bytes), { spoil });
        const below = local(bytes);
        return {
          ...{
            id: 'flaky',
            name: 'flaky',
            size: bytes.length,
            read: () => Promise.reject(),
            close: () => {},
          },
          readSync: (dst, offset) => {
            below.readSync!(dst, offset);
            spoil(dst);
            return true;
          },
        };
      };
      const source = sourceOf(
        made,
        which === 'data' ? flaky(made.data) : over(made.data),
        which === 'hashes' ? flaky(made.nodes) : over(made.nodes),
      );
      t.strictSame(await readOf(source, 0, 3 * BLOCK), made.data.slice(0, 3 * BLOCK), which);
      t.ok(spoiled > 1, 'it was wrong, and read again');
    }
  });

  t.test(`${kind}: blocks of zeros are not read`, async (t) => {
    const made = dmMade(40);
    made.data.fill(0, 3 * BLOCK, 20 * BLOCK);
    const { root, bytes } = build(made.tree, made.data);
    // what lies there is no longer zeros, and nobody looks
    const stored = made.data.slice().fill(0xee, 3 * BLOCK, 20 * BLOCK);
    const source = sourceOf({ ...made, root }, over(stored), over(bytes));
    t.strictSame(await readOf(source, 0, 40 * BLOCK), made.data);
    t.strictSame(await readOf(source, 4 * BLOCK + 7, 100), new Uint8Array(100));
  });
}

t.test('an error says what, where, what was expected and found', async (t) => {
  const made = dmMade(40);
  const data = made.data.slice();
  data[17 * BLOCK]! ^= 1;
  const nodes = made.nodes.slice();
  nodes[2 * BLOCK]! ^= 1;
  const whole = new Uint8Array(40 * BLOCK).fill(1);
  t.throws(() => sourceOf(made, local(data), local(made.nodes)).readSync!(whole, 0), {
    name: 'IntegrityError',
    code: 'integrity',
    level: 'data',
    block: 17,
    message:
      /^local: data block 17 \(512 bytes from byte 8704 on\) does not match its sha256 digest: expected [0-9a-f]{64}, found [0-9a-f]{64};/,
  });
  t.ok(
    whole.every((byte) => byte === 0),
    'nothing of a failed read is left',
  );
  t.throws(() => sourceOf(made, local(made.data), local(nodes)).readSync!(new Uint8Array(1), 17 * BLOCK), {
    code: 'integrity',
    level: 0,
    block: 2,
    message: /^local: hash block 2 \(level 0 of the tree, above data block 17\)/,
  });
});

t.test('a source that changes after it was read is read again and refused', async (t) => {
  const made = dmMade(40);
  const data = made.data.slice();
  const source = sourceOf(made, local(data), local(made.nodes));
  const dst = new Uint8Array(BLOCK);
  source.readSync!(dst, 0);
  data[0]! ^= 1;
  t.throws(() => source.readSync!(dst, 0), { code: 'integrity', block: 0 });
  data[0]! ^= 1;
  source.readSync!(dst, 0);
  t.strictSame(dst, made.data.slice(0, BLOCK), 'and no error stays behind');
});

t.test('a part of a block is served from memory only while that block is there', async (t) => {
  const made = dmMade(40);
  const data = made.data.slice();
  data[BLOCK]! ^= 1;
  const source = sourceOf(made, local(data), local(made.nodes));
  const first = made.data.slice(1, 11);
  t.strictSame(await readOf(source, 1, 10), first);
  t.match(await readOf(source, BLOCK + 1, 10), { code: 'integrity', block: 1 });
  t.strictSame(await readOf(source, 1, 10), first, 'not what was read for the other');
  t.match(await readOf(source, BLOCK + 1, 10), { code: 'integrity', block: 1 });
});

t.test('ranges that share blocks fetch them once, neighbours together', async (t) => {
  const made = dmMade(40, { dataBlockSize: 2048 });
  const data = new Remote(made.data);
  const source = sourceOf(made, data, new Remote(made.nodes));
  const ranges = [
    { offset: 5000, length: 10 },
    { offset: 4096, length: 3000 },
    { offset: 100, length: 5 },
  ];
  const got = await source.read(ranges);
  t.strictSame(
    got,
    ranges.map(({ offset, length }) => made.data.slice(offset, offset + length)),
  );
  t.strictSame(data.asked, [
    { offset: 0, length: 2048 },
    { offset: 4096, length: 4096 },
  ]);
});

t.test('closing closes each source once', async (t) => {
  const made = dmMade(4);
  const closed: string[] = [];
  const closing = (name: string): Source =>
    Object.assign(local(made.nodes), { close: () => closed.push(name) });
  const both = closing('both');
  sourceOf(made, both, both).close();
  sourceOf(made, closing('data'), closing('hashes')).close();
  t.strictSame(closed, ['both', 'data', 'hashes']);
});
