/** Times of an image for people: UTC, ISO 8601. */

/** What a JavaScript Date can hold, in seconds either side of 1970. */
const DATE_LIMIT = 8_640_000_000_000;

/** To the second: 2023-11-14T22:13:20Z, or @SECONDS since 1970 beyond the calendar of Date (the year 275760). */
export function timeToSeconds(seconds: number): string {
  if (Math.abs(seconds) > DATE_LIMIT) return `@${seconds}`;
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** To the nanosecond: 2023-11-14T22:13:20.000000009Z. */
export function timeToNanoseconds(seconds: number, nanoseconds: number): string {
  const fraction = String(nanoseconds).padStart(9, '0');
  const whole = timeToSeconds(seconds);
  return whole.endsWith('Z') ? `${whole.slice(0, -1)}.${fraction}Z` : `${whole}.${fraction}`;
}

/** Nanoseconds since 1970 as a decimal number, which may be negative and exceed 2^53. */
export function nanosecondsSince1970(seconds: number, nanoseconds: number): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
}
