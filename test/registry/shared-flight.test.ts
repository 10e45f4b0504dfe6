import t from 'tap';
import { SharedFlight } from '../../src/registry/shared-flight.js';

/** Work that ends when it is told to. */
function gatedFlight() {
  const begun: { readonly signal: AbortSignal; end(value: string): void; fail(error: Error): void }[] = [];
  const flight = new SharedFlight<string>(
    (signal) =>
      new Promise((resolve, reject) => {
        begun.push({ signal, end: resolve, fail: reject });
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  );
  return { begun, flight };
}

const never = new AbortController().signal;

t.test('all who come while it runs share it, and those after it do not', async (t) => {
  const { begun, flight } = gatedFlight();
  const both = [flight.join(never), flight.join(never)];
  t.equal(begun.length, 1);
  begun[0]!.end('one');
  t.same(await Promise.all(both), ['one', 'one']);
  const next = flight.join(never);
  begun[1]!.fail(new Error('no'));
  await t.rejects(next, { message: 'no' });
});

t.test('it is given up with the last one who waits', async (t) => {
  const { begun, flight } = gatedFlight();
  const [first, second] = [new AbortController(), new AbortController()];
  const waits = [flight.join(first.signal), flight.join(second.signal)];
  first.abort(new Error('first'));
  await t.rejects(waits[0]!, { message: 'first' });
  t.notOk(begun[0]?.signal.aborted, 'somebody still waits');
  second.abort(new Error('second'));
  await t.rejects(waits[1]!, { message: 'second' });
  t.ok(begun[0]?.signal.aborted);
  const next = flight.join(never);
  t.equal(begun.length, 2, 'who comes then begins anew');
  begun[1]!.end('two');
  t.equal(await next, 'two');
  await t.rejects(flight.join(AbortSignal.abort(new Error('before'))), { message: 'before' });
  t.equal(begun.length, 2);
});
