/** The middle of some figures, and their bounds. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spread(figures: number[]): Spread {
  const sorted = Float64Array.from(figures).sort();
  return { median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1) };
}

/** The figure below which that share of the others lies. */
export function quantile(sorted: Float64Array, share: number): number {
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[index] ?? Number.NaN;
}
