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
