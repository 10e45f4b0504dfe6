/** Amounts as people read them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes: "12.3 MiB" */
export function sizeText(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** unit;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Seconds: "2 d 3 h", "4 min 10 s", "7 s" */
export function timeSpanText(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ] as const;
  const first = parts.findIndex(([many]) => many > 0);
  if (first < 0) return '0 s';
  const [larger, smaller] = parts.slice(first, first + 2);
  const texts = [larger!, ...(smaller !== undefined && smaller[0] > 0 ? [smaller] : [])];
  return texts.map(([many, unit]) => `${many} ${unit}`).join(' ');
}

/** Microseconds, three digits: "12.3 µs", "1.20 ms", "3.4 s"; "-" for null. */
export function durationText(microseconds: number | null): string {
  if (microseconds === null) return '-';
  if (microseconds < 1000) return `${digits(microseconds)} µs`;
  if (microseconds < 1e6) return `${digits(microseconds / 1000)} ms`;
  return `${digits(microseconds / 1e6)} s`;
}

function digits(value: number): string {
  return value >= 100 ? `${Math.round(value)}` : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const LETTERS = ['', 'K', 'M', 'G', 'T', 'P'];

/** "1.5K" as du -h and ls -h write it: rounded up, one decimal below ten, bytes without a letter. */
export function shortSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < LETTERS.length - 1; unit++) size /= 1024;
  if (unit === 0) return String(size);
  const tenths = Math.ceil(size * 10) / 10;
  if (tenths < 10) return `${tenths.toFixed(1)}${LETTERS[unit]}`;
  const whole = Math.ceil(size);
  return whole < 1024 || unit === LETTERS.length - 1 ? `${whole}${LETTERS[unit]}` : `1.0${LETTERS[unit + 1]}`;
}

/** "12.5 %" */
export function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}
