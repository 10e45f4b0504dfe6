/** Sources behind each other: every range of the whole, whatever it crosses, of parts that are here and of some that are not. */
import t from 'tap';
import { BytesSource } from '../../src/cache/bytes-source.js';
import type { Source } from '../../src/cache/source.js';
import { JoinedSource } from '../../src/layers/joined-source.js';
import { Random } from '../support/random.js';

const random = new Random(3);
const parts = [700, 1, 0, 300].map((size) => random.bytes(size));
const whole = Buffer.concat(parts);
const sourceOf = (bytes: Uint8Array, i: number): Source => new BytesSource(bytes, `part ${i}`, `id ${i}`);

t.test('every range', async (t) => {
  const joined = new JoinedSource(parts.map(sourceOf), 'all');
  t.match(joined, { size: whole.length, name: 'all' });
  t.equal(joined.isHere, undefined);
  t.equal(joined.discard, undefined);
  const ranges = [
    { offset: 0, length: 1001 },
    { offset: 699, length: 3 },
    { offset: 10, length: 20 },
    { offset: 701, length: 300 },
    { offset: 1001, length: 0 },
  ];
  const wanted = ranges.map(({ offset, length }) => new Uint8Array(whole.subarray(offset, offset + length)));
  t.same(await joined.read(ranges), wanted);
  for (const [i, { offset, length }] of ranges.entries()) {
    const bytes = new Uint8Array(length);
    t.equal(joined.readSync!(bytes, offset), true);
    t.same(bytes, wanted[i]);
  }
  t.throws(() => joined.readSync!(new Uint8Array(2), 1000), { code: 'truncated' });
  await t.rejects(joined.read([{ offset: 0, length: 1002 }]), { code: 'truncated' });
});

t.test('a part that is not all here', async (t) => {
  const discarded: number[][] = [];
  const closed: number[] = [];
  const lazy: Source = {
    ...{ id: 'lazy', name: 'lazy', size: 300 },
    readSync: (_, offset) => offset >= 100,
    isHere: (offset) => offset >= 100,
    discard: (...range) => discarded.push(range),
    read: async (ranges) => ranges.map(({ length }) => new Uint8Array(length)),
    close: () => closed.push(1),
  };
  const joined = new JoinedSource([sourceOf(parts[0]!, 0), lazy], 'all');
  const isRead = (offset: number) => joined.readSync!(new Uint8Array(50), offset);
  for (const [offset, is] of [
    [0, true],
    [680, false],
    [700, false],
    [800, true],
  ] as const) {
    t.equal(joined.isHere!(offset, 50), is, `${offset}`);
    t.equal(isRead(offset), is, `${offset}`);
  }
  joined.discard!(690, 30);
  joined.discard!(0, 700);
  t.same(discarded, [[0, 20]]);
  joined.close();
  t.same(closed, [1]);
  const { readSync: _, ...slow } = lazy;
  t.equal(new JoinedSource([sourceOf(parts[0]!, 0), slow], 'all').readSync, undefined);
});
