/**
 * Owns sliding windows over one lane of float64 values. A lane is cut into blocks as long as the window: a window is the
 * end of one block and the start of the next, so results are merged from running states, forwards and
 * backwards, and nothing is ever taken out of one. Knows no dtype, and not what becomes of the states.
 */

/** A window that ends at every position of a lane. */
export interface LaneWindow {
  /** The lane, filled by the caller; positions behind its end are NaN, and so are missing elements. */
  readonly values: Float64Array;
  /** What the window that ends at a position holds. */
  readonly results: Float64Array;
  /** Valid elements of that window. */
  readonly counts: Float64Array;
  slide(): void;
}

/** Calls for every block of a lane: forwards over all of it, then backwards where another follows. */
function eachBlock(
  length: number,
  window: number,
  forwards: (start: number, end: number) => void,
  backwards: (start: number) => void,
): void {
  for (let start = 0; start < length; start += window) {
    forwards(start, Math.min(length, start + window));
    if (start + window < length) backwards(start);
  }
}

abstract class BlockwiseLane implements LaneWindow {
  readonly values: Float64Array;
  readonly results: Float64Array;
  readonly counts: Float64Array;
  protected readonly window: number;
  /** Valid elements of the block before, from its position `r` to its end. */
  protected readonly tailCounts: Float64Array;

  /** `window` positions wide, over `length` positions. */
  constructor(window: number, length: number) {
    this.window = window;
    this.values = new Float64Array(length).fill(NaN);
    this.results = new Float64Array(length);
    this.counts = new Float64Array(length);
    this.tailCounts = new Float64Array(window + 1);
  }

  slide(): void {
    this.clear();
    eachBlock(
      this.values.length,
      this.window,
      (start, end) => this.forwards(start, end),
      (start) => this.backwards(start),
    );
  }

  /** Forgets the block before. */
  protected abstract clear(): void;
  protected abstract forwards(start: number, end: number): void;
  protected abstract backwards(start: number): void;
}

/** Sums. */
export class SumLane extends BlockwiseLane {
  readonly #tails: Float64Array = new Float64Array(this.window + 1);

  protected clear(): void {
    this.#tails.fill(0);
    this.tailCounts.fill(0);
  }

  protected forwards(start: number, end: number): void {
    const { values, results, counts, tailCounts } = this;
    const tails = this.#tails;
    let sum = 0;
    let count = 0;
    for (let t = start; t < end; t++) {
      const x = values[t];
      if (x === x) {
        sum += x;
        count++;
      }
      const r = t - start + 1;
      results[t] = sum + tails[r];
      counts[t] = count + tailCounts[r];
    }
  }

  protected backwards(start: number): void {
    const { values, window, tailCounts } = this;
    const tails = this.#tails;
    let sum = 0;
    let count = 0;
    for (let r = window - 1; r >= 0; r--) {
      const x = values[start + r];
      if (x === x) {
        sum += x;
        count++;
      }
      tails[r] = sum;
      tailCounts[r] = count;
    }
  }
}

/** Least or greatest elements. */
export class ExtremeLane extends BlockwiseLane {
  readonly #greatest: boolean;
  readonly #tails: Float64Array = new Float64Array(this.window + 1);

  constructor(window: number, length: number, greatest: boolean) {
    super(window, length);
    this.#greatest = greatest;
  }

  protected clear(): void {
    this.#tails.fill(this.#greatest ? -Infinity : Infinity);
    this.tailCounts.fill(0);
  }

  protected forwards(start: number, end: number): void {
    const { values, results, counts, tailCounts } = this;
    const tails = this.#tails;
    const greatest = this.#greatest;
    let best = greatest ? -Infinity : Infinity;
    let count = 0;
    for (let t = start; t < end; t++) {
      const x = values[t];
      if (x === x) {
        if (greatest ? x > best : x < best) best = x;
        count++;
      }
      const r = t - start + 1;
      const tail = tails[r];
      results[t] = (greatest ? tail > best : tail < best) ? tail : best;
      counts[t] = count + tailCounts[r];
    }
  }

  protected backwards(start: number): void {
    const { values, window, tailCounts } = this;
    const tails = this.#tails;
    const greatest = this.#greatest;
    let best = greatest ? -Infinity : Infinity;
    let count = 0;
    for (let r = window - 1; r >= 0; r--) {
      const x = values[start + r];
      if (x === x) {
        if (greatest ? x > best : x < best) best = x;
        count++;
      }
      tails[r] = best;
      tailCounts[r] = count;
    }
  }
}

/** Sums of squared deviations from the window's mean: Welford's step, and Chan's merge of two blocks. */
export class MomentLane extends BlockwiseLane {
  readonly #tailMeans: Float64Array = new Float64Array(this.window + 1);
  readonly #tailSquares: Float64Array = new Float64Array(this.window + 1);

  protected clear(): void {
    this.#tailMeans.fill(0);
    this.#tailSquares.fill(0);
    this.tailCounts.fill(0);
  }

  protected forwards(start: number, end: number): void {
    const { values, results, counts, tailCounts } = this;
    const tailMeans = this.#tailMeans;
    const tailSquares = this.#tailSquares;
    let mean = 0;
    let squares = 0;
    let count = 0;
    for (let t = start; t < end; t++) {
      const x = values[t];
      if (x === x) {
        const distance = x - mean;
        mean += distance / ++count;
        squares += distance * (x - mean);
      }
      const r = t - start + 1;
      const tail = tailCounts[r];
      const distance = tailMeans[r] - mean;
      const all = count + tail;
      const between = count && tail ? distance * distance * ((count * tail) / all) : 0;
      results[t] = squares + tailSquares[r] + between;
      counts[t] = all;
    }
  }

  protected backwards(start: number): void {
    const { values, window, tailCounts } = this;
    const tailMeans = this.#tailMeans;
    const tailSquares = this.#tailSquares;
    let mean = 0;
    let squares = 0;
    let count = 0;
    for (let r = window - 1; r >= 0; r--) {
      const x = values[start + r];
      if (x === x) {
        const distance = x - mean;
        mean += distance / ++count;
        squares += distance * (x - mean);
      }
      tailMeans[r] = mean;
      tailSquares[r] = squares;
      tailCounts[r] = count;
    }
  }
}
