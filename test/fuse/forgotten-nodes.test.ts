/**
 * FORGET has nothing to do: nothing is kept for a lookup. Counted are the objects that are alive after each of many files was looked
 * up, stat'ed and listed again and again.
 */
import * as v8 from 'node:v8';
import t from 'tap';
import { LEAST_MEMORY, singleMemory } from '../../src/memory-budget.js';
import { openImage } from '../../src/open.js';
import { Node } from '../../src/tree/image-tree.js';
import { writeImage } from '../support/image-writer.js';
import { directory, file } from '../support/image-writer-node.js';
import { Scratch } from '../support/scratch.js';
import { FuseClient, record } from './fuse-client.js';

const { queryObjects } = v8 as unknown as {
  queryObjects?(kind: unknown, options: { readonly format: 'count' }): number;
};
const missing = queryObjects === undefined ? 'needs v8.queryObjects (Node 20.13)' : false;

const FILES = 6000;
const COUNTED = { Node, Uint8Array, DataView, Map, Set };
type Counts = Record<keyof typeof COUNTED, number>;

const counted = (): Counts =>
  Object.fromEntries(
    Object.entries(COUNTED).map(([name, kind]) => [name, queryObjects!(kind, { format: 'count' })]),
  ) as Counts;

t.test('nothing grows with lookups', { skip: missing }, async (t) => {
  const image = `${new Scratch(t).folder()}/many.erofs`;
  const files = Array.from({ length: FILES }, (_, n) => [`file-${n}`, file(`${n}`)] as const);
  writeImage({ root: directory(files) }).bytes.save(image);
  const memory = { ...singleMemory(LEAST_MEMORY), inodes: 1000 };
  const opened = await openImage({ image, memory });
  t.teardown(() => opened.close());
  const client = new FuseClient(opened.tree);
  const lookEverywhere = (): void => {
    for (let n = 0; n < FILES; n++) {
      const { payload } = client.ask('LOOKUP', 1n, record(`file-${n}\0`));
      client.ask('GETATTR', payload.getBigUint64(0, true), record(0, 0, 0n));
      opened.rest();
    }
  };
  lookEverywhere();
  const first = counted();
  t.equal(first.Node, memory.inodes, 'of nodes there are as many as may be kept');
  for (let times = 0; times < 3; times++) lookEverywhere();
  for (const [name, count] of Object.entries(counted())) {
    const before = first[name as keyof Counts];
    t.ok(count <= before + 50, `${name}: ${count}, after the first round ${before}`);
  }
});
