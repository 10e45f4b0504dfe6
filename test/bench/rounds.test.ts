import t from 'tap';
import { play } from '../../bench/measure/rounds.js';
import type { Entry } from '../../bench/measure/series.js';

const silent = (): void => {};

t.test('rounds are interleaved, and values stay in the order of rounds', async (t) => {
  const order: string[] = [];
  const entry = (subject: string, base: number): Entry => ({
    subject,
    round: async () => {
      order.push(subject);
      const value = base + order.length;
      return [
        { measure: 'cold', unit: 's', value },
        { measure: 'warm', unit: 's', value: value / 10 },
      ];
    },
  });
  const contest = { scenario: 'ls', on: 'plain', entries: [entry('A', 100), entry('B', 200)] };
  const { series, failures } = await play(contest, 3, silent);
  t.strictSame(order, ['A', 'B', 'A', 'B', 'A', 'B']);
  t.strictSame(failures, []);
  t.strictSame(
    series.map(({ measure, subject, values }) => ({ measure, subject, values })),
    [
      { measure: 'cold', subject: 'A', values: [101, 103, 105] },
      { measure: 'warm', subject: 'A', values: [10.1, 10.3, 10.5] },
      { measure: 'cold', subject: 'B', values: [202, 204, 206] },
      { measure: 'warm', subject: 'B', values: [20.2, 20.4, 20.6] },
    ],
  );
});

t.test('who fails is left out from then on, and the others go on', async (t) => {
  const rounds = { good: 0, bad: 0 };
  const entries: Entry[] = [
    {
      subject: 'bad',
      round: async () => {
        rounds.bad += 1;
        if (rounds.bad === 2) throw new Error('it broke');
        return [{ measure: 'cold', unit: 's', value: 1 }];
      },
    },
    {
      subject: 'good',
      round: async () => {
        rounds.good += 1;
        return [{ measure: 'cold', unit: 's', value: 2 }];
      },
    },
  ];
  const { series, failures } = await play({ scenario: 'ls', on: 'plain', entries }, 4, silent);
  t.strictSame(rounds, { good: 4, bad: 2 });
  t.strictSame(failures, [{ scenario: 'ls', on: 'plain', subject: 'bad', round: 2, message: 'it broke' }]);
  t.strictSame(
    series.map(({ subject, values }) => [subject, values]),
    [
      ['bad', [1, null, null, null]],
      ['good', [2, 2, 2, 2]],
    ],
  );
});
