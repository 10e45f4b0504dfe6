import t from 'tap';
import { HTTP_LIMITS } from '../../src/remote/http-options.js';
import { pauseAfter } from '../../src/remote/pause.js';
import { parseRetryAfter, statusFailure } from '../../src/remote/status-failure.js';

const now = Date.parse('Mon, 01 Jan 2024 00:00:00 GMT');

t.test('Retry-After in seconds, as a date, as nonsense', async (t) => {
  t.equal(parseRetryAfter('120', now), 120_000);
  t.equal(parseRetryAfter('Mon, 01 Jan 2024 00:00:07 GMT', now), 7_000);
  t.equal(parseRetryAfter('Sun, 31 Dec 2023 00:00:07 GMT', now), 0);
  for (const text of [undefined, '', 'soon', '-1', '1.5e']) t.equal(parseRetryAfter(text, now), undefined);
  t.match(statusFailure(429, { 'retry-after': '2' }), { transient: true, retryAfter: 2_000, status: 429 });
  t.match(statusFailure(404, { 'retry-after': '2' }), { transient: false, retryAfter: undefined });
});

t.test('it is waited for, up to a limit, and no longer than somebody waits', async (t) => {
  const never = new AbortController().signal;
  const limits = { ...HTTP_LIMITS, pause: 0, longestRetryAfter: 80 };
  const waited = async (text: string) => {
    const begun = performance.now();
    await pauseAfter(0, statusFailure(503, { 'retry-after': text }), limits, never);
    return performance.now() - begun;
  };
  t.ok((await waited('3600')) >= 75, 'as long as the limit, not an hour');
  const abort = new AbortController();
  const pausing = pauseAfter(20, undefined, { ...limits, pause: 1e9, longestPause: 1e9 }, abort.signal);
  abort.abort(new Error('nobody waits'));
  await t.rejects(pausing, { message: 'nobody waits' });
});
