/** What is made of many measurements. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The value that this share of all does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

export type Point = readonly [x: number, y: number];

/** How much `y` grows with each step of `x`, by least squares. */
export function slope(points: readonly Point[]): number {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([_, y]) => y));
  const together = points.map(([x, y]) => (x - meanX) * (y - meanY));
  const alone = points.map(([x]) => (x - meanX) ** 2);
  return mean(together) / mean(alone);
}

/** "3.1 to 4.8" */
export function range(values: readonly number[], digits = 0): string {
  return `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`;
}

export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
