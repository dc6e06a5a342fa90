/**
 * What is told of repeated measurements in ms.
 *
 * @module
 */

/** The median by nearest rank, as the client computes it: one of the samples. */
export function p50(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.ceil(samples.length / 2) - 1] ?? NaN;
}

/** A figure in ms, in a column. */
export function figure(ms: number): string {
  return ms.toFixed(2).padStart(7);
}

/** Median, least and most of the repetitions. */
export function spread(samples: readonly number[]): string {
  const [low, high] = [Math.min(...samples), Math.max(...samples)].map((ms) => ms.toFixed(2));
  return `${figure(p50(samples))} (${low} to ${high})`;
}
