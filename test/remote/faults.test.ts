/** Each fault by itself: right bytes or a bounded, explained error, and right bytes again once it ends. */
import t from 'tap';
import { type Fault, FaultServer, refusingUrl } from './fault-server.js';
import * as faults from './faults.js';
import { blobOf, openedBlob, same } from './opened-blob.js';

const SIZE = 50_000;
const [OFFSET, LENGTH] = [2_000, 30_000];

interface Case {
  readonly name: string;
  readonly fault: Fault;
  /** of the error while the fault lasts; undefined: it can be overcome while it lasts */
  readonly code?: string;
  readonly message?: RegExp;
  /** requests until it is given up; 4 tries are allowed */
  readonly requests?: number;
}

/** Faults that end by themselves are met once; then they last. */
const cases: readonly Case[] = [
  {
    name: 'reset before an answer',
    fault: faults.reset,
    code: 'unreachable',
    message: /was cut/,
    requests: 4,
  },
  { name: 'reset mid-body', fault: faults.resetAfter(10_000) },
  { name: 'connection closed mid-body', fault: faults.cutAfter(10_000) },
  {
    name: 'reset without a byte',
    fault: faults.resetAfter(0),
    code: 'unreachable',
    message: /was cut|ended/,
    requests: 4,
  },
  {
    name: 'stall',
    fault: faults.silence,
    code: 'unreachable',
    message: /no byte came for 0.2 s/,
    requests: 4,
  },
  { name: 'stall mid-body', fault: faults.stallAfter(10_000) },
  { name: 'shorter range than asked', fault: faults.shorter(10_000) },
  { name: 'body that ends early', fault: faults.shortBody(10_000) },
  {
    name: 'body without a byte',
    fault: faults.shortBody(0),
    code: 'unreachable',
    message: /ended before its end/,
    requests: 4,
  },
  {
    name: 'Content-Range from elsewhere',
    fault: faults.partClaiming('bytes 0-29999/50000'),
    code: 'protocol',
    message: /bytes 0 to 29999, not with those asked for/,
    requests: 1,
  },
  {
    name: 'Content-Range that is too long',
    fault: faults.partClaiming('bytes 2000-39999/50000'),
    code: 'protocol',
    message: /not with those asked for/,
    requests: 1,
  },
  {
    name: 'Content-Range that is impossible',
    fault: faults.partClaiming('bytes 2000-1999/50000'),
    code: 'protocol',
    message: /impossible/,
    requests: 1,
  },
  {
    name: 'Content-Range that is none',
    fault: faults.partClaiming('lines 1-2'),
    code: 'protocol',
    message: /Content-Range "lines 1-2"/,
    requests: 1,
  },
  {
    name: 'several parts',
    fault: faults.withFields({ 'content-type': 'multipart/byteranges; boundary=x' }),
    code: 'protocol',
    message: /several parts/,
    requests: 1,
  },
  {
    name: 'content encoding',
    fault: faults.withFields({ 'content-encoding': 'gzip' }),
    code: 'protocol',
    message: /encoded as gzip/,
    requests: 1,
  },
  {
    name: '416',
    fault: faults.status(416, { 'content-range': `bytes */${SIZE}` }),
    code: 'protocol',
    message: /416.*itself that it has 50000 bytes/,
    requests: 1,
  },
  {
    name: '416 without a size',
    fault: faults.status(416),
    code: 'protocol',
    message: /does not say its size/,
    requests: 1,
  },
  ...[408, 425, 429, 500, 502, 503, 504].map((code) => ({
    name: String(code),
    fault: faults.status(code),
    code: 'unreachable',
    message: new RegExp(`answered ${code} `),
    requests: 4,
  })),
  {
    name: '503 with Retry-After',
    fault: faults.status(503, { 'retry-after': '1' }),
    code: 'unreachable',
    message: /503/,
    requests: 4,
  },
  {
    name: '429 with a date',
    fault: faults.status(429, { 'retry-after': 'Thu, 01 Jan 2037 00:00:00 GMT' }),
    code: 'unreachable',
    message: /429/,
    requests: 4,
  },
  ...[400, 401, 403, 404, 410, 501].map((code) => ({
    name: String(code),
    fault: faults.status(code),
    code: 'refused',
    message: new RegExp(`answered ${code} `),
    requests: 1,
  })),
  {
    name: 'redirect in a circle',
    fault: faults.redirect('/image.erofs'),
    code: 'protocol',
    message: /circle: .*image.erofs -> .*image.erofs/,
    requests: 1,
  },
  {
    name: 'redirect without a target',
    fault: faults.status(302),
    code: 'protocol',
    message: /redirect without a URL/,
    requests: 1,
  },
  {
    name: 'redirect to a file',
    fault: faults.redirect('file:///etc/passwd'),
    code: 'protocol',
    message: /URL of file:/,
    requests: 1,
  },
];

for (const { name, fault, code, message, requests } of cases) {
  t.test(name, async (t) => {
    const server = await FaultServer.start(t, blobOf(SIZE));
    const wanted = server.blob.subarray(OFFSET, OFFSET + LENGTH);
    const isReset = name === 'reset mid-body';
    const limits = name.startsWith('stall') ? { stall: 200 } : {};
    const { read } = await openedBlob(t, server.url(), { limits });
    server.seen.length = 0;
    // a reset may overtake the bytes that were sent before: lasting, it may let none through
    if (isReset) server.faults.push(fault);
    else server.always = fault;
    if (code === undefined) {
      t.ok(same(await read(OFFSET, LENGTH), wanted), 'right bytes while it lasts');
      const begins = server.ranges.map((range) => Number(range?.match(/\d+/)?.[0]));
      const expected = [OFFSET, OFFSET + 10_000, OFFSET + 20_000];
      if (!isReset) t.same(begins, expected, 'what arrived is not asked for again');
    } else {
      await t.rejects(read(OFFSET, LENGTH), { name: 'RemoteError', code, message });
      t.equal(server.seen.length, requests, 'it is tried as often as may help');
    }
    server.always = undefined;
    t.ok(same(await read(OFFSET, LENGTH), wanted), 'right bytes once it ends');
    server.faults.push(fault);
    if (requests !== 1) t.ok(same(await read(OFFSET, LENGTH), wanted), 'right bytes when it happens once');
  });
}

t.test('the opening request meets the same faults', async (t) => {
  for (const { name, fault, code, message } of cases) {
    if (code === undefined || /Content-Range|416/.test(name)) continue;
    const server = await FaultServer.start(t, blobOf(SIZE));
    server.always = fault;
    const limits = name.startsWith('stall') ? { stall: 200 } : {};
    await t.rejects(openedBlob(t, server.url(), { limits }), { name: 'RemoteError', code, message }, name);
    server.always = undefined;
    const { unasked } = await openedBlob(t, server.url());
    t.ok(same(unasked.subarray(0, 1000), server.blob.subarray(0, 1000)), name);
  }
});

t.test('a server that cannot be connected to', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url());
  await server.stop();
  await t.rejects(read(OFFSET, LENGTH), {
    code: 'unreachable',
    message: /refused: nothing listens there \(ECONNREFUSED\)/,
  });
  await server.listen();
  t.ok(same(await read(OFFSET, LENGTH), server.blob.subarray(OFFSET, OFFSET + LENGTH)));
  await t.rejects(openedBlob(t, await refusingUrl()), {
    code: 'unreachable',
    message: /cannot be opened.*ECONNREFUSED/,
  });
});

t.test('a name that DNS does not know', async (t) => {
  await t.rejects(openedBlob(t, 'http://blob.invalid/image.erofs'), {
    code: 'unreachable',
    message: /^http:\/\/blob\.invalid\/image\.erofs cannot be opened: .*DNS/,
  });
});

t.test('what has not come by the deadline: an answer, or its end', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url(), { limits: { deadline: 300 } });
  for (const [fault, message] of [
    [faults.silence, /took longer than 0\.3 s: no answer came$/],
    [faults.stallAfter(10), /took longer than 0\.3 s: the answer did not come to its end$/],
  ] as const) {
    server.faults.push(fault);
    await t.rejects(read(0, SIZE), { code: 'unreachable', message });
  }
});

t.test('a slow drip ends at the deadline', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url(), { limits: { deadline: 300 } });
  server.always = faults.drip(20);
  await t.rejects(read(0, SIZE), { code: 'unreachable', message: /longer than 0.3 s/ });
  server.always = undefined;
  t.ok(same(await read(0, SIZE), server.blob));
});

t.test('faults that take turns are overcome within one fetch', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read } = await openedBlob(t, server.url(), { limits: { stall: 200 } });
  server.faults.push(
    faults.status(503),
    faults.resetAfter(7_000),
    faults.reset,
    faults.shorter(5_000),
    faults.stallAfter(1_000),
    faults.status(429),
    faults.shortBody(3),
  );
  t.ok(same(await read(0, SIZE), server.blob));
  t.equal(server.faults.length, 0);
});

t.test('a fetch that nobody waits for any more', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { read, blob } = await openedBlob(t, server.url());
  server.always = faults.silence;
  const abort = new AbortController();
  const reading = read(OFFSET, LENGTH, { signal: abort.signal });
  abort.abort(new Error('interrupted'));
  await t.rejects(reading, { message: 'interrupted' });
  await t.rejects(read(0, 1, { signal: AbortSignal.abort(new Error('before')) }), { message: 'before' });
  const other = read(OFFSET, LENGTH);
  const closing = blob.close();
  await t.rejects(other, { code: 'unreachable', message: /was closed/ });
  await closing;
  await t.rejects(read(0, 1), { code: 'unreachable', message: /was closed/ });
});

t.test('what the taker of the bytes throws ends the fetch', async (t) => {
  const server = await FaultServer.start(t, blobOf(SIZE));
  const { blob, read } = await openedBlob(t, server.url());
  const taking = blob.fetch({ offset: 0, length: 10 }, () => {
    throw new Error('no place');
  });
  await t.rejects(taking, { message: 'no place' });
  await t.rejects(
    blob.fetch({ offset: SIZE - 1, length: 2 }, () => {}),
    RangeError,
  );
  t.ok(same(await read(SIZE - 1, 1), server.blob.subarray(SIZE - 1)));
});
