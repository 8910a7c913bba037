/** Owns the few numbers that are made of rounds. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The largest difference of two results, relative to the larger of the element and the typical size of
 * elements (sums that cancel out have no small relative error). Infinity where lengths differ or NaN meets a number.
 */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let size = 0;
  for (let i = 0; i < a.length; i++) if (Number.isFinite(b[i])) size += Math.abs(b[i]) / a.length;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    if (!Number.isFinite(a[i]) || !Number.isFinite(b[i])) return Infinity;
    worst = Math.max(worst, Math.abs(a[i] - b[i]) / Math.max(Math.abs(b[i]), size));
  }
  return worst;
}
