/** Numbers as find(1) compares them: N exactly, +N more, -N less. */
import { FindError } from './errors.js';

export interface Comparison {
  readonly sign: '' | '+' | '-';
  readonly number: number;
}

export function compares({ sign, number }: Comparison, value: number): boolean {
  if (sign === '+') return value > number;
  return sign === '-' ? value < number : value === number;
}

/** Throws FindError. */
export function readComparison(option: string, text: string): Comparison {
  const [, sign = '', digits] = /^([+-]?)([0-9]+)$/.exec(text) ?? [];
  const number = Number(digits);
  if (!Number.isSafeInteger(number)) throw new FindError(option, text, 'a number, +number or -number');
  return { sign: sign as Comparison['sign'], number };
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  c: 1,
  w: 2,
  b: 512,
  k: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
};

/** A size is rounded up to whole units before it is compared. Throws FindError. */
export function readSizeComparison(option: string, text: string): Comparison & { readonly unit: number } {
  const [, amount, letter = 'b'] = /^([+-]?[0-9]+)([cwbkMG]?)$/.exec(text) ?? [];
  if (amount === undefined)
    throw new FindError(option, text, 'a number with c, k, M or G behind it, and + or - before it');
  return { ...readComparison(option, amount), unit: SIZE_UNITS[letter || 'b']! };
}

/**
 * Seconds and nanoseconds since 1970 of an ISO 8601 time, in UTC where it names no zone, or of @SECONDS. Throws FindError.
 */
export function readTime(option: string, text: string): { seconds: number; nanoseconds: number } {
  const [, seconds, fraction = ''] = /^@(-?[0-9]+)(?:\.([0-9]{1,9}))?$/.exec(text) ?? [];
  if (seconds !== undefined && Number.isSafeInteger(Number(seconds))) {
    return { seconds: Number(seconds), nanoseconds: Number(fraction.padEnd(9, '0')) };
  }
  const written = text.trim().replace(/^([0-9-]+) +([0-9])/, '$1T$2');
  const hasClock = /T[0-9]/.test(written);
  const hasZone = /(Z|[+-][0-9]{2}:?[0-9]{2})$/i.test(written.slice(written.indexOf('T') + 1)) && hasClock;
  const milliseconds = Date.parse(hasClock && !hasZone ? `${written}Z` : written);
  if (Number.isNaN(milliseconds) || !/^[0-9]{4}-[0-9]{2}/.test(written)) {
    throw new FindError(option, text, 'a time such as 2024-05-01, 2024-05-01T12:00:00Z or @1714564800');
  }
  const whole = Math.floor(milliseconds / 1000);
  return { seconds: whole, nanoseconds: (milliseconds - whole * 1000) * 1e6 };
}
