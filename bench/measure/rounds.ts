/**
 * Plays a contest in interleaved rounds: A B, A B, A B; a noisy minute then costs all subjects the same.
 * A subject that fails is left out of the rounds that follow, and the others go on.
 */
import type { Contest, Failure, Reading, Series } from './series.js';

export interface Played {
  readonly series: readonly Series[];
  readonly failures: readonly Failure[];
}

/** `said` is told what begins. */
export async function play(
  { scenario, on, entries }: Contest,
  rounds: number,
  said: (line: string) => void,
): Promise<Played> {
  const failures: Failure[] = [];
  const failed = new Set<string>();
  const series = new Map<string, Omit<Series, 'values'> & { values: (number | null)[] }>();
  const note = (subject: string, round: number, { measure, unit, value }: Reading): void => {
    const key = `${measure}\n${subject}`;
    let of = series.get(key);
    if (of === undefined) {
      of = { scenario, on, measure, subject, unit, values: Array.from({ length: rounds }, () => null) };
      series.set(key, of);
    }
    of.values[round] = value;
  };
  for (let round = 0; round < rounds; round++) {
    for (const entry of entries) {
      const { subject } = entry;
      if (failed.has(subject)) continue;
      said(`${scenario}, ${on}: round ${round + 1} of ${rounds}, ${subject}`);
      try {
        for (const reading of await entry.round()) note(subject, round, reading);
      } catch (error) {
        failed.add(subject);
        failures.push({ scenario, on, subject, round: round + 1, message: (error as Error).message });
      }
    }
  }
  return { series: [...series.values()], failures };
}
