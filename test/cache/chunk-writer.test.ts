import { closeSync, openSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ChunkWriter, type WaitingChunk } from '../../src/cache/chunk-writer.js';
import { Random } from '../support/random.js';
import { Scratch } from '../support/scratch.js';

const CHUNK = 4096;
const COUNT = 64;
const bytes = new Random(3).bytes(COUNT * CHUNK - 100);
const scratch = new Scratch(t);

const chunkOf = (chunk: number) => bytes.slice(chunk * CHUNK, (chunk + 1) * CHUNK);

/** Memory that knows whether it is held. */
class Lent {
  holders = 0;
  hold(): void {
    this.holders++;
  }
  release(): void {
    this.holders--;
  }
}

function made(t: Test, chunkSize = CHUNK) {
  const path = scratch.file('data', '');
  const descriptor = openSync(path, 'r+');
  t.teardown(() => closeSync(descriptor));
  const written: number[] = [];
  const failed: unknown[] = [];
  const numbers = (chunks: readonly WaitingChunk[]) => chunks.map(({ chunk }) => chunk);
  const writer = new ChunkWriter({
    ...{ descriptor, chunkSize },
    written: (chunks) => written.push(...numbers(chunks)),
    failed: (chunks, problem) => failed.push([numbers(chunks), (problem as { code?: unknown }).code]),
  });
  return { writer, path, written, failed };
}

t.test('chunks of any order come to their places, and are let go', async (t) => {
  const { writer, path, written } = made(t);
  const lent = new Lent();
  const random = new Random(1);
  const order = Array.from({ length: COUNT }, (_, chunk) => chunk).sort(() => random.below(3) - 1);
  for (const chunk of order) {
    t.ok(writer.add(chunk, chunkOf(chunk), lent));
    if (random.below(4) === 0) await new Promise(setImmediate);
  }
  t.ok(lent.holders > 0);
  await writer.settled();
  t.equal(lent.holders, 0);
  t.same(
    written.toSorted((a, b) => a - b),
    order.toSorted((a, b) => a - b),
  );
  t.equal(Buffer.compare(readFileSync(path), bytes), 0);
});

t.test('the second of two with one number is the one that stays', async (t) => {
  const { writer, path } = made(t);
  const lent = new Lent();
  writer.add(0, chunkOf(1), lent);
  await new Promise(setImmediate);
  writer.add(0, chunkOf(2), lent);
  writer.add(0, chunkOf(3), lent);
  await writer.settled();
  t.equal(Buffer.compare(readFileSync(path), chunkOf(3)), 0);
  t.equal(lent.holders, 0);
});

t.test('what waits is bounded', async (t) => {
  const large = 4 * 2 ** 20;
  const { writer } = made(t, large);
  const lent = new Lent();
  const taken = Array.from({ length: 6 }, (_, chunk) => writer.add(chunk, new Uint8Array(large), lent));
  t.same(taken, [true, true, true, true, false, false]);
  t.equal(lent.holders, 4);
  await writer.settled();
  t.ok(writer.add(0, new Uint8Array(large), lent), 'and there is room again');
  await writer.settled();
});

t.test('writing at once what waits', async (t) => {
  const { writer, path, written } = made(t);
  const lent = new Lent();
  for (let chunk = 0; chunk < COUNT; chunk++) {
    writer.add(chunk, chunkOf(chunk), lent);
    if (chunk === 20) await new Promise(setImmediate);
  }
  writer.writeNow();
  t.equal(Buffer.compare(readFileSync(path), bytes), 0);
  t.same(new Set(written).size, COUNT);
  await writer.settled();
  t.equal(lent.holders, 0);
  t.equal(Buffer.compare(readFileSync(path), bytes), 0, 'and what was on its way has changed nothing');
});

t.test('a disk that refuses', async (t) => {
  const descriptor = openSync(scratch.file('read-only', ''), 'r');
  const failed: unknown[] = [];
  const lent = new Lent();
  const writer = new ChunkWriter({
    ...{ descriptor, chunkSize: CHUNK },
    written: () => t.fail('nothing was written'),
    failed: (chunks, problem) =>
      failed.push([chunks.map(({ chunk }) => chunk), (problem as { code?: unknown }).code]),
  });
  for (const chunk of [0, 1, 5]) writer.add(chunk, chunkOf(chunk), lent);
  await writer.settled();
  closeSync(descriptor);
  t.same(failed, [
    [[0, 1], 'EBADF'],
    [[5], 'EBADF'],
  ]);
  t.equal(lent.holders, 0);
});
