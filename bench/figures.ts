/** Median, minimum and maximum of a set of figures. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spread(figures: number[]): Spread {
  const sorted = Float64Array.from(figures).sort();
  return { median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1) };
}

/** Returns the quantile of sorted figures: `share` of them are below it. */
export function quantile(sorted: Float64Array, share: number): number {
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[index] ?? Number.NaN;
}
