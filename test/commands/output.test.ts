import { Writable } from 'node:stream';
import t from 'tap';
import { byteString, byteStringOf, Output } from '../../src/commands/output.js';
import { Captured } from './captured.js';

t.test('lines are bytes', async (t) => {
  const captured = new Captured();
  await captured.output.line(byteStringOf(Buffer.from([0xff, 0x61])));
  await captured.output.line(byteString('é'));
  t.same(await captured.bytes(), Buffer.from([0xff, 0x61, 0x0a, 0xc3, 0xa9, 0x0a]));
});

t.test('lines and bytes keep their order', async (t) => {
  const captured = new Captured();
  await captured.output.line('first');
  await captured.output.write(Buffer.from('second'));
  t.equal((await captured.bytes()).toString(), 'first\nsecond');
});

t.test('lines are collected into large writes', async (t) => {
  const captured = new Captured();
  for (let count = 0; count < 100_000; count++) await captured.output.line('0123456789');
  t.equal((await captured.bytes()).length, 1_100_000);
  t.ok(captured.chunks.length < 20, `${captured.chunks.length} writes`);
});

t.test('a write settles no sooner than its reader has taken it', async (t) => {
  const taken: (() => void)[] = [];
  const output = new Output(new Writable({ write: (_chunk, _, done) => void taken.push(done) }));
  let settled = false;
  const write = output.write(Buffer.alloc(10)).then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  t.equal(settled, false);
  taken[0]!();
  await write;
  t.equal(settled, true);
});

t.test('an output that fails', async (t) => {
  const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  const output = new Output(new Writable({ write: (_chunk, _, done) => done(full) }));
  output.line('a');
  await t.rejects(output.flush(), { name: 'OutputError', code: 'ENOSPC', message: /no space left/ });
});
