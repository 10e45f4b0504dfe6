import t from 'tap';
import { nanosecondsSince1970, timeToNanoseconds, timeToSeconds } from '../../src/commands/time-string.js';

t.test('for people', async (t) => {
  t.equal(timeToSeconds(1_700_000_000), '2023-11-14T22:13:20Z');
  t.equal(timeToSeconds(-86_400), '1969-12-31T00:00:00Z');
  t.equal(timeToSeconds(10_413_792_000), '2300-01-01T00:00:00Z');
  t.equal(timeToNanoseconds(0, 5), '1970-01-01T00:00:00.000000005Z');
  t.equal(timeToNanoseconds(-1, 999_999_999), '1969-12-31T23:59:59.999999999Z');
});

t.test('beyond the calendar', async (t) => {
  t.equal(timeToSeconds(8_640_000_000_001), '@8640000000001');
  t.equal(timeToNanoseconds(-8_640_000_000_001, 1), '@-8640000000001.000000001');
});

t.test('in nanoseconds, exactly', async (t) => {
  t.equal(nanosecondsSince1970(10_413_792_000, 999_999_999), '10413792000999999999');
  t.equal(nanosecondsSince1970(-86_400, 5), '-86399999999995');
  t.equal(nanosecondsSince1970(0, 0), '0');
});
