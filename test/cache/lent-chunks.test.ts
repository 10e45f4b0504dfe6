import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LentChunks } from '../../src/cache/lent-chunks.js';
import { ringMemory } from '../../src/cache/shared-places.js';
import { Random } from '../support/random.js';

const CHUNK = 64 * 1024;
const COUNT = 40;
/** neighbours that come before the first that is taken */
const BEFORE = 4;

/** Bytes of COUNT chunks, in memory that begins at a page. */
function chunks(skip = 0): Uint8Array[] {
  const { bytes } = ringMemory(COUNT + 1, CHUNK);
  const random = new Random(4);
  return Array.from({ length: COUNT }, (_, number) => {
    const chunk = new Uint8Array(bytes, number * CHUNK + skip, CHUNK);
    chunk.set(random.bytes(CHUNK));
    return chunk;
  });
}

class Holder {
  held = 0;
  hold(): void {
    this.held++;
  }
  release(): void {
    this.held--;
  }
}

/** A file, what was written to it by other means, and chunks lent to it. */
function setUp(t: Test) {
  const path = join(t.testdir(), 'data');
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const lent = new LentChunks(path, descriptor, CHUNK);
  t.teardown(() => {
    lent.close();
    closeSync(descriptor);
  });
  const otherwise: number[] = [];
  const write = (chunk: number, bytes: Uint8Array) => {
    otherwise.push(chunk);
    writeSync(descriptor, bytes, 0, bytes.length, chunk * CHUNK);
  };
  return { path, descriptor, lent, otherwise, write };
}

t.test('a stream is taken once it is one, held until it is written, and is right', async (t) => {
  const { path, lent, otherwise, write } = setUp(t);
  const content = chunks();
  const holder = new Holder();
  const taken = content.map((bytes, chunk) => {
    const isTaken = lent.take(chunk, bytes, holder);
    if (!isTaken) write(chunk, bytes);
    return isTaken;
  });
  t.same(
    taken,
    content.map((_, chunk) => chunk >= BEFORE),
  );
  t.equal(holder.held, COUNT - BEFORE);
  t.same([...(await lent.write(write))], [...Array(COUNT).keys()].slice(BEFORE));
  t.equal(holder.held, 0);
  t.equal(otherwise.length, BEFORE);
  t.ok(readFileSync(path).equals(Buffer.concat(content)));
});

t.test('single chunks, short ones and those that nobody lends are not', async (t) => {
  const { lent } = setUp(t);
  const content = chunks();
  const holder = new Holder();
  for (const chunk of [30, 2, 9, 17]) t.notOk(lent.take(chunk, content[chunk]!, holder));
  for (let chunk = 0; chunk < 8; chunk++) t.notOk(lent.take(chunk, content[chunk]!, undefined));
  t.notOk(lent.take(8, content[8]!.subarray(1), holder));
  t.equal(holder.held, 0);
});

t.test('one that has other bytes by now is not written', async (t) => {
  const { path, lent, write } = setUp(t);
  const content = chunks();
  const holder = new Holder();
  for (let chunk = 0; chunk < 8; chunk++) lent.take(chunk, content[chunk]!, holder);
  lent.drop(6);
  t.same([...(await lent.write(write))], [4, 5, 7]);
  t.equal(holder.held, 0);
  t.ok(
    readFileSync(path)
      .subarray(6 * CHUNK, 7 * CHUNK)
      .every((byte) => byte === 0),
  );
});

t.test('memory that does not begin where the disk wants it is written all the same', async (t) => {
  const { path, lent, otherwise, write } = setUp(t);
  const content = chunks(1);
  const holder = new Holder();
  for (let chunk = 0; chunk < 8; chunk++) lent.take(chunk, content[chunk]!, holder);
  await lent.write(write);
  t.equal(holder.held, 0);
  const isDirect = otherwise.length === 0;
  t.same(otherwise, isDirect ? [] : [4, 5, 6, 7]);
  const written = readFileSync(path);
  for (let chunk = 4; chunk < 8; chunk++)
    t.equal(Buffer.compare(written.subarray(chunk * CHUNK, (chunk + 1) * CHUNK), content[chunk]!), 0);
});

t.test('what waits is written at once where nobody waits any longer', async (t) => {
  const { path, lent, otherwise, write } = setUp(t);
  const content = chunks();
  const holder = new Holder();
  for (let chunk = 0; chunk < 8; chunk++) lent.take(chunk, content[chunk]!, holder);
  const writing = lent.write(() => {});
  for (let chunk = 8; chunk < 10; chunk++) lent.take(chunk, content[chunk]!, holder);
  lent.writeNow(write);
  t.same(otherwise, [4, 5, 6, 7, 8, 9]);
  await writing;
  t.equal(holder.held, 0);
  t.ok(
    readFileSync(path)
      .subarray(4 * CHUNK)
      .equals(Buffer.concat(content.slice(4, 10))),
  );
});

t.test('a disk that fails is said, and nothing stays held', async (t) => {
  const holder = new Holder();
  const full = openSync('/dev/full', constants.O_WRONLY);
  t.teardown(() => closeSync(full));
  const lent = new LentChunks('/dev/full', full, CHUNK);
  const content = chunks();
  const taken = content.filter((bytes, chunk) => lent.take(chunk, bytes, holder));
  const refuse = () => {
    throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  };
  if (taken.length > 0) await t.rejects(lent.write(refuse), { code: 'ENOSPC' });
  t.equal(holder.held, 0);
  lent.close();
});
