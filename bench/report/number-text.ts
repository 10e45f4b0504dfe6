/** Numbers for people. */
import type { Spread } from '../measure/statistics.js';

const DIGITS = 3;

/** Three significant digits, never an exponent. */
export function numberText(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = DIGITS - 1 - Math.floor(Math.log10(Math.abs(value)));
  return digits > 0 ? value.toFixed(Math.min(digits, 20)) : String(Math.round(value));
}

/** "0.45 (0.44–0.47)"; the median alone where all values are it. */
export function spreadText({ median, min, max }: Spread): string {
  const [middle, low, high] = [median, min, max].map(numberText);
  return low === high ? middle! : `${middle} (${low}–${high})`;
}
