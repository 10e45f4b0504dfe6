/** Plays scenarios one after the other. A scenario that breaks is a failure of the report, and the next one goes on. */
import type { Bench, Scenario } from './bench.js';
import { play } from './measure/rounds.js';
import type { Failure, Series } from './measure/series.js';
import type { ContestRecord } from './report/report.js';

export interface Outcome {
  readonly contests: readonly ContestRecord[];
  readonly series: readonly Series[];
  readonly failures: readonly Failure[];
}

export async function runScenarios(
  scenarios: readonly Scenario[],
  bench: Bench,
  rounds: number,
  said: (line: string) => void,
): Promise<Outcome> {
  const contests: ContestRecord[] = [];
  const series: Series[] = [];
  const failures: Failure[] = [];
  for (const scenario of scenarios) {
    try {
      for await (const contest of scenario.contests(bench)) {
        const played = await play(contest, rounds, said);
        const { scenario: name, on, entries } = contest;
        contests.push({ scenario: name, on, subjects: entries.map(({ subject }) => subject) });
        series.push(...played.series);
        failures.push(...played.failures);
      }
    } catch (error) {
      const { message } = error as Error;
      failures.push({ scenario: scenario.name, on: '', subject: '', round: 0, message });
    }
  }
  return { contests, series, failures };
}
