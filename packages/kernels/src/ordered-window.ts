/**
 * Owns sliding medians over short windows: the window is kept sorted, and the element that comes takes the place of
 * the one that leaves, past those between the two.
 */
import type { LaneWindow } from "./window-lane.js";

/** Windows up to this long are faster kept sorted than by the lists of `median-window.ts`. */
export const SHORT_WINDOW = 64;

/** Medians of the window that ends at every position of a lane. */
export class OrderedLane implements LaneWindow {
  readonly values: Float64Array;
  readonly results: Float64Array;
  readonly counts: Float64Array;
  readonly #window: number;
  /** The window, sorted, with a wall on either side. */
  readonly #sorted: Float64Array;

  /** `window` positions wide, over `length` positions. */
  constructor(window: number, length: number) {
    this.#window = window;
    this.values = new Float64Array(length).fill(NaN);
    this.results = new Float64Array(length);
    this.counts = new Float64Array(length);
    this.#sorted = new Float64Array(window + 2);
  }

  slide(): void {
    const { values, results, counts } = this;
    const window = this.#window;
    const sorted = this.#sorted;
    sorted[0] = -Infinity;
    sorted[1] = Infinity;
    // elements stand at 1 … count
    let count = 0;
    for (let t = 0; t < values.length; t++) {
      const x = values[t];
      const gone = t >= window ? values[t - window] : NaN;
      if (gone === gone) {
        let k = placeOf(sorted, count, gone);
        if (x === x) {
          if (x > gone) for (; sorted[k + 1] < x; k++) sorted[k] = sorted[k + 1];
          else for (; sorted[k - 1] > x; k--) sorted[k] = sorted[k - 1];
          sorted[k] = x;
        } else {
          for (; k <= count; k++) sorted[k] = sorted[k + 1];
          count--;
        }
      } else if (x === x) {
        let k = ++count;
        sorted[count + 1] = Infinity;
        for (; sorted[k - 1] > x; k--) sorted[k] = sorted[k - 1];
        sorted[k] = x;
      }
      counts[t] = count;
      const half = (count + 1) >> 1;
      results[t] = count & 1 ? sorted[half] : middleOf(sorted[half], sorted[half + 1]);
    }
  }
}

/** Where an element stands that is there; of equal ones, any. */
function placeOf(sorted: Float64Array, count: number, x: number): number {
  let low = 1;
  let size = count;
  while (size > 1) {
    const half = size >> 1;
    if (sorted[low + half] <= x) low += half;
    size -= half;
  }
  return low;
}

/** Halfway between two numbers; halves first where their sum would leave the range. */
export function middleOf(low: number, high: number): number {
  const sum = low + high;
  if (sum - sum === 0) return sum / 2;
  return Number.isFinite(low) && Number.isFinite(high) ? low / 2 + high / 2 : sum / 2;
}
