/** Whether a figure grows: the slope of a straight line through its samples, by least squares. */
export interface Trend {
  /** units of the figure an hour */
  readonly slope: number;
  readonly least: number;
  readonly most: number;
  readonly last: number;
}

/** undefined for fewer than two samples. */
export function trend(seconds: readonly number[], values: readonly number[]): Trend | undefined {
  if (values.length < 2) return undefined;
  const mean = (all: readonly number[]): number => all.reduce((sum, one) => sum + one, 0) / all.length;
  const [meanTime, meanValue] = [mean(seconds), mean(values)];
  let covariance = 0;
  let variance = 0;
  for (const [i, value] of values.entries()) {
    const offset = seconds[i]! - meanTime;
    covariance += offset * (value - meanValue);
    variance += offset * offset;
  }
  if (variance === 0) return undefined;
  return {
    slope: (covariance / variance) * 3600,
    least: values.reduce((a, b) => Math.min(a, b)),
    most: values.reduce((a, b) => Math.max(a, b)),
    last: values.at(-1)!,
  };
}
