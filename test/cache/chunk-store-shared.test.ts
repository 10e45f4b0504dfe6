/** Threads and processes that write and read one blob at the same time: one copy of its bytes, never a wrong one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { blobFolders, roomOf } from '../../src/cache/cache-blobs.js';
import { dist } from '../support/paths.js';
import { Scratch } from '../support/scratch.js';
import { Content, chunkSize } from './chunk-store-content.js';

const scratch = new Scratch(t);
const content = new Content(1000 * chunkSize + 5);
const writer = join(dist, 'test', 'cache', 'chunk-store-writer.js');

const words = (folder: string, seed: number) => [folder, ...[content.blob.size, seed, chunkSize].map(String)];

async function writeInThread(folder: string, seed: number): Promise<void> {
  const worker = new Worker(writer, { argv: words(folder, seed), stdout: true });
  worker.stdout.resume();
  const [status] = await once(worker, 'exit');
  if (status !== 0) throw new Error(`the thread ended with status ${status}`);
}

async function writeInProcess(folder: string, seed: number): Promise<void> {
  const child = spawn(process.execPath, [writer, ...words(folder, seed)], { stdio: 'ignore' });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`the process ended with status ${status}`);
}

t.test('two processes and three threads write, and this one reads', async (t) => {
  const folder = scratch.folder();
  let writing = true;
  const written = Promise.all([
    ...[1, 2].map((seed) => writeInProcess(folder, seed)),
    ...[3, 4, 5].map((seed) => writeInThread(folder, seed)),
  ]).finally(() => {
    writing = false;
  });
  const store = content.open(folder);
  let most = 0;
  while (writing) {
    const { length } = content.served(store);
    if (length < most) t.fail(`${most} chunks were here, and now ${length}`);
    most = length;
    await nextTurn();
  }
  await written;
  t.equal(content.served(store).length, content.chunks);
  store.close();
  const folders = blobFolders(join(folder, 'blobs'));
  t.equal(folders.length, 1);
  t.ok(roomOf(folders[0]!) < content.blob.size + 128 * 1024, 'one copy of the bytes');
  t.equal(statSync(join(folders[0]!, 'data')).size, content.blob.size);
});

t.test('twenty that make the same blob at once make one', async (t) => {
  const folder = scratch.folder();
  const size = 8 * chunkSize;
  const small = new Content(size);
  await Promise.all(
    Array.from({ length: 20 }, async (_, seed) => {
      const argv = [folder, String(size), String(seed), String(chunkSize)];
      const worker = new Worker(writer, { argv, stdout: true });
      worker.stdout.resume();
      t.same(await once(worker, 'exit'), [0]);
    }),
  );
  const store = small.open(folder, { readOnly: true });
  t.equal(small.served(store).length, 8);
  store.close();
  t.equal(blobFolders(join(folder, 'blobs')).length, 1);
});

t.test('two that keep different bytes as the same chunk: it is that of one, or absent', async (t) => {
  const folder = scratch.folder();
  const [one, two] = [content.open(folder), content.open(folder)];
  for (let round = 0; round < 200; round++) {
    one.put(0, content.chunk(round % 7));
    two.put(0, content.chunk(round % 5));
    await Promise.all([one.flush(), two.flush()]);
    for (const store of [one, two]) {
      const read = new Uint8Array(chunkSize);
      if (!store.readSync(read, 0)) continue;
      const isOne = [round % 7, round % 5].some((n) => Buffer.compare(read, content.chunk(n)) === 0);
      if (!isOne) t.fail(`round ${round}: mixed bytes`);
    }
  }
  await content.fill(one);
  t.equal(content.served(two).length, content.chunks);
  one.close();
  two.close();
});
