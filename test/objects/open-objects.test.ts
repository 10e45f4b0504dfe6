import t from 'tap';
import { OpenObjects } from '../../src/objects/open-objects.js';
import type { ExternalFile } from '../../src/tree/objects-tree.js';
import { MemorySource } from '../support/memory-source.js';

/** Says its number when it is closed. */
class Closing extends MemorySource {
  readonly #number: number;
  readonly #closed: number[];

  constructor(number: number, closed: number[]) {
    super(new Uint8Array(0));
    this.#number = number;
    this.#closed = closed;
  }

  override close(): void {
    this.#closed.push(this.#number);
  }
}

function setUp(count: number, budget: number) {
  const closed: number[] = [];
  const objects = new OpenObjects(count, budget);
  const files: ExternalFile[] = Array.from({ length: 10 }, () => ({ path: [], size: 0, digest: undefined }));
  const add = (number: number, memory = 1) =>
    objects.add(files[number]!, { source: new Closing(number, closed), memory });
  const has = (number: number) => objects.get(files[number]!) !== undefined;
  return { closed, objects, add, has };
}

t.test('the one used longest ago is closed first', async (t) => {
  const { closed, objects, add, has } = setUp(3, 100);
  for (const number of [0, 1, 2]) add(number);
  t.ok(has(0));
  add(3);
  t.same(closed, [1]);
  add(4);
  t.same(closed, [1, 2]);
  t.same([0, 1, 2, 3, 4].filter(has), [0, 3, 4]);
  objects.close();
  t.same(closed, [1, 2, 0, 3, 4]);
  t.same([0, 3, 4].filter(has), []);
});

t.test('memory counts too, and the newest stays whatever it takes', async (t) => {
  const { closed, add, has } = setUp(10, 100);
  for (const number of [0, 1, 2]) add(number, 40);
  t.same(closed, [0]);
  add(3, 1000);
  t.same(closed, [0, 1, 2]);
  t.ok(has(3));
  add(4, 10);
  t.same(closed, [0, 1, 2, 3]);
  add(5, 90);
  t.same(closed, [0, 1, 2, 3], 'what was closed no longer counts');
});
