/**
 * What is told of repeated measurements. Only ratios travel between machines,
 * and only those of runs that were made side by side.
 *
 * @module
 */

/** Repeated measurements of one thing, in the unit that was measured. */
export interface Spread {
  /** Of an even number of runs the mean of the two in the middle. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** How many measurements there were. */
  readonly runs: number;
}

/** The spread of at least one sample. */
export function spreadOf(samples: readonly number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: (quantile(sorted, (sorted.length - 1) >> 1) + quantile(sorted, sorted.length >> 1)) / 2,
    least: quantile(sorted, 0),
    most: quantile(sorted, sorted.length - 1),
    runs: sorted.length,
  };
}

/**
 * The spread of the ratios of `ours` to `theirs`, each of two runs that were
 * next to each other, so that what slows the machine down slows both.
 */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, run) => value / (theirs[run] ?? NaN)));
}

/** The median of samples in any order. */
export function medianOf(samples: readonly number[]): number {
  return spreadOf(samples).median;
}

function quantile(sorted: readonly number[], index: number): number {
  return sorted[index] ?? NaN;
}
