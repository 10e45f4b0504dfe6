/** Who fetches which chunk: stores of one blob in one process, and a process that is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ChunkClaims } from '../../src/cache/chunk-claims.js';
import { withoutClaims } from '../support/claims.js';
import { dist } from '../support/paths.js';
import { Scratch } from '../support/scratch.js';
import { until } from '../support/until.js';
import { Content, chunkSize } from './chunk-store-content.js';

const skip = withoutClaims();
if (skip !== false) t.plan(0, skip);
const scratch = new Scratch(t);
const content = new Content(100 * chunkSize + 5);
const holder = join(dist, 'test', 'cache', 'chunk-claim-holder.js');

t.test('of two stores one has a claim', async (t) => {
  const folder = scratch.folder();
  const [one, two] = [content.open(folder), content.open(folder)];
  t.same(one.claim(0, 4), [0, 1, 2, 3]);
  t.same(two.claim(0, 6), [4, 5], 'the rest');
  t.same(one.claim(3, 5), [3], 'its own again');
  t.same([one.isClaimed(3), one.isClaimed(4), one.isClaimed(6)], [false, true, false]);
  t.same([two.isClaimed(3), two.isClaimed(4)], [true, false]);
  one.release(2);
  two.release(2);
  two.release(3);
  t.same(two.claim(2, 4), [2], 'only what its holder releases');
  one.close();
  t.ok(await until(() => two.claim(0, 4).length === 4), 'closing ends the rest');
  two.close();
});

t.test('a claim lasts until the chunk is recorded', async (t) => {
  const folder = scratch.folder();
  const [one, two] = [content.open(folder), content.open(folder)];
  one.claim(0, 3);
  for (const chunk of [0, 1]) one.put(chunk, content.chunk(chunk));
  t.same(two.claim(0, 3), [], 'written and not durable');
  await one.flush();
  t.same([0, 1, 2].map(two.isClaimed.bind(two)), [false, false, true]);
  t.same(two.claim(0, 3), [], 'what is here is not claimed');
  t.same(content.served(two), [0, 1]);
  t.same(one.claim(0, 3), [2], 'nor by who put it');
  one.put(2, content.chunk(2));
  one.put(2, content.chunk(2));
  await one.flush();
  t.same(content.served(two), [0, 1, 2]);
  t.equal(two.isClaimed(2), false);
  one.close();
  two.close();
});

t.test('who keeps nothing claims nothing', async (t) => {
  const folder = scratch.folder();
  const one = content.open(folder, { budget: 0 });
  const two = content.open(folder);
  t.same(one.claim(0, 2), [0, 1]);
  one.put(0, content.chunk(0));
  t.same(two.claim(0, 2), [0], 'given up with the chunk that found no room');
  t.same(one.claim(0, 4), [0, 1, 2, 3], 'whatever others claim');
  t.same(two.claim(2, 4), [2, 3]);
  one.close();
  two.close();
  const readOnly = content.open(scratch.folder(), { readOnly: true });
  t.same(readOnly.claim(0, 2), [0, 1], 'nothing is there');
  t.equal(readOnly.isClaimed(0), false);
  readOnly.close();
});

t.test('where the system makes no locks everybody has what he claims', async (t) => {
  const descriptor = openSync(scratch.file('data', ''), 'r');
  const claims = new ChunkClaims(descriptor);
  t.same(claims.take(0, 2), [0, 1], 'a file that is open for reading has none');
  t.same(claims.take(1, 3), [1, 2]);
  t.equal(claims.isTaken(0), false);
  claims.release(0);
  claims.end();
  closeSync(descriptor);
});

t.test('the claims of a process that is killed are free', async (t) => {
  const folder = scratch.folder();
  const store = content.open(folder);
  const child = spawn(process.execPath, [holder, folder, `${content.blob.size}`, '4'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout!.setEncoding('utf8'), 'data');
  t.equal(said, '0 1 2 3\n');
  t.same(store.claim(0, 6), [4, 5]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.same(store.claim(0, 6), [0, 1, 2, 3, 4, 5]);
  store.close();
});

t.test('bytes that were proven wrong are not here until others are', async (t) => {
  const folder = scratch.folder();
  const [one, two] = [content.open(folder), content.open(folder)];
  const wrong = content.chunk(7);
  one.put(0, wrong);
  await one.flush();
  t.ok(two.has(0, chunkSize));
  two.doubt(0);
  t.notOk(two.has(0, chunkSize));
  t.notOk(two.readSync(new Uint8Array(10), 0));
  t.ok(one.has(0, chunkSize), 'for whom they were proven wrong');
  t.same(two.claim(0, 1), [0], 'they are to be fetched');
  two.put(0, wrong);
  await two.flush();
  t.notOk(two.has(0, chunkSize), 'the same ones again');
  one.put(0, content.chunk(0));
  await one.flush();
  t.same(content.served(two), [0], 'others put them right');

  two.put(1, wrong);
  two.doubt(1);
  await two.flush();
  t.notOk(two.has(chunkSize, chunkSize), 'wrong before they were recorded');
  two.put(1, content.chunk(1));
  await two.flush();
  t.same(content.served(two), [0, 1]);
  one.close();
  two.close();
});
