import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { FirstReads } from '../../src/prefetch/first-reads.js';
import { parseTrace, readTrace, traceText } from '../../src/prefetch/trace.js';
import { TraceRecorder } from '../../src/prefetch/trace-recorder.js';

const UNIT = 64 << 10;
const A = { id: 'a 1', size: 10 * UNIT + 5 };
const B = { id: 'b 1', size: 100 };

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'trace-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

const failOn = (t: Test) => (problem: Error) => t.fail(problem.message);

t.test('first reads are told once, in whole units, up to the end of the blob', async (t) => {
  const told: unknown[] = [];
  const reads = new FirstReads(({ id }, offset, length) => told.push([id, offset, length]));
  reads.note(A, 3 * UNIT + 7, 1);
  reads.note(A, 3 * UNIT, UNIT);
  reads.note(A, 2 * UNIT - 1, 3 * UNIT);
  reads.note(A, 9 * UNIT, 2);
  reads.note(A, 10 * UNIT, 5);
  reads.note(B, 99, 1);
  reads.note(B, 0, 0);
  t.strictSame(told, [
    ['a 1', 3 * UNIT, UNIT],
    ['a 1', UNIT, 2 * UNIT],
    ['a 1', 4 * UNIT, UNIT],
    ['a 1', 9 * UNIT, UNIT],
    ['a 1', 10 * UNIT, 5],
    ['b 1', 0, 100],
  ]);
});

t.test('a trace is what was read, in order, neighbours as one', async (t) => {
  const file = join(folder(t), 'trace');
  const recorder = new TraceRecorder(file, { report: failOn(t) });
  t.strictSame(readTrace(file).ranges, [], 'there from the beginning');
  recorder.note(A, 5 * UNIT, 1);
  recorder.note(A, 6 * UNIT, UNIT + 1);
  recorder.note(B, 0, 50);
  recorder.note(A, 8 * UNIT, 1);
  recorder.note(A, 0, 1);
  recorder.close();
  t.same(readTrace(file), {
    name: file,
    blobs: [A, B],
    ranges: [
      { blob: 0, offset: 5 * UNIT, length: 3 * UNIT },
      { blob: 1, offset: 0, length: 100 },
      { blob: 0, offset: 8 * UNIT, length: UNIT },
      { blob: 0, offset: 0, length: UNIT },
    ],
  });
});

t.test('it is written while it grows, whole each time', async (t) => {
  const path = folder(t);
  const file = join(path, 'trace');
  const recorder = new TraceRecorder(file, { report: failOn(t), interval: 1 });
  t.teardown(() => recorder.close());
  recorder.note(B, 0, 1);
  while (readTrace(file).ranges.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  t.same(readTrace(file).blobs, [B]);
  t.same(readdirSync(path), ['trace'], 'nothing else is left');
});

t.test('a place that cannot be written to is told at once, a later failure once', async (t) => {
  const path = join(folder(t), 'gone');
  t.throws(() => new TraceRecorder(join(path, 'trace'), { report: failOn(t) }), { code: 'ENOENT' });
  const other = mkdtempSync(join(tmpdir(), 'trace-'));
  const problems: Error[] = [];
  const recorder = new TraceRecorder(join(other, 'trace'), {
    report: (problem) => problems.push(problem),
    interval: 1,
  });
  rmSync(other, { recursive: true });
  recorder.note(A, 0, 1);
  while (problems.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  recorder.note(B, 0, 1);
  recorder.close();
  t.match(problems, [{ code: 'ENOENT' }]);
  t.equal(problems.length, 1);
});

t.test('the text is what the head of the module says', async (t) => {
  const trace = { blobs: [B], ranges: [{ blob: 0, offset: 1, length: 99 }] };
  const text = '{"format":"erofs-trace","version":1,"blobs":[{"id":"b 1","size":100}]}\n[0,1,99]\n';
  t.equal(traceText(trace), text);
  t.same(parseTrace(text, 'x'), { name: 'x', ...trace });
});

const HEAD = traceText({ blobs: [B], ranges: [] });
for (const [what, text, line] of [
  ['an empty file', '', 1],
  ['something else', 'ELF', 1],
  ['JSON of something else', 'null', 1],
  ['another version', HEAD.replace('"version":1', '"version":2'), 1],
  ['a blob without a size', HEAD.replace(',"size":100', ''), 1],
  ['a range of no blob', `${HEAD}[1,0,1]\n`, 2],
  ['a range beyond the end', `${HEAD}[0,0,1]\n[0,1,100]\n`, 3],
  ['a negative offset', `${HEAD}[0,-1,1]\n`, 2],
  ['a line that is cut off', `${HEAD}[0,1`, 2],
] as const) {
  t.test(`${what} is no trace`, async (t) => {
    t.throws(() => parseTrace(text, 'file'), {
      code: 'bad-trace',
      message: new RegExp(`^file: no trace: line ${line} is .*--record$`),
    });
  });
}

t.test('a trace that is no file', async (t) => {
  t.throws(() => readTrace(join(folder(t), 'none')), { code: 'ENOENT' });
});
