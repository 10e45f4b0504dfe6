/** What `erofs doctor` says of one finding. */
import type { Finding, State } from '../doctor/finding.js';
import { inColour } from './colours.js';
import { quoteName } from './quote.js';

/** Green, and yellow and red in bold. */
const COLOURS: Readonly<Record<State, string>> = { good: '32', warning: '1;33', bad: '1;31' };

const STATE_WIDTH = 'warning'.length;
const CHECK_WIDTH = 'user_allow_other'.length;

/** One object; where nothing is to be done, the remedy is null. */
export function findingJson({ check, state, found, remedy }: Finding) {
  return { check, state, found, remedy: remedy ?? null };
}

/** A line, and one for the remedy. */
export function findingText({ check, state, found, remedy }: Finding, isColoured: boolean): string[] {
  const shown = state.padEnd(STATE_WIDTH);
  const mark = isColoured ? inColour(shown, COLOURS[state]) : shown;
  const line = `${mark}  ${check.padEnd(CHECK_WIDTH)}  ${quote(found)}`;
  if (remedy === undefined) return [line];
  const label = state === 'good' ? 'if wanted' : 'mend it';
  return [line, `${' '.repeat(STATE_WIDTH + CHECK_WIDTH + 4)}${label}: ${quote(remedy)}`];
}

/** Paths and the words of programs may have control characters. */
const quote = (text: string): string => quoteName(Buffer.from(text));
