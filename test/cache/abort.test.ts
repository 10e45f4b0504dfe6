import t from 'tap';
import { Patience, unlessAborted } from '../../src/cache/abort.js';

t.test('a promise is waited for until the signal says otherwise', async (t) => {
  const never = new Promise<never>(() => {});
  t.equal(await unlessAborted(Promise.resolve(7), undefined), 7);
  t.equal(await unlessAborted(Promise.resolve(7), new AbortController().signal), 7);
  await t.rejects(unlessAborted(Promise.reject(new Error('broken')), new AbortController().signal), {
    message: 'broken',
  });
  await t.rejects(unlessAborted(never, AbortSignal.abort(new Error('before'))), { message: 'before' });
  const controller = new AbortController();
  const waiting = unlessAborted(never, controller.signal);
  controller.abort(new Error('enough'));
  await t.rejects(waiting, { message: 'enough' });
});

t.test('patience ends with the given signal, or with time, and then with nothing', async (t) => {
  const given = new AbortController();
  const patience = new Patience(given.signal);
  t.notOk(patience.signal.aborted);
  given.abort(new Error('enough'));
  t.match(patience.signal.reason, { message: 'enough' });

  const short = new Patience(undefined);
  short.start(1, () => new Error('too late'));
  await new Promise<void>((resolve) => {
    short.signal.addEventListener('abort', () => resolve());
  });
  t.match(short.signal.reason, { message: 'too late' });

  const ended = new AbortController();
  const over = new Patience(ended.signal);
  over.end();
  ended.abort();
  t.notOk(over.signal.aborted);
});
