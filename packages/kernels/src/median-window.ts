/**
 * Owns sliding medians over long windows. A lane is cut into blocks as long as the window; each is sorted once, into a linked list.
 * As the window slides, elements leave the list of the older block, and come back into that of the newer one, whose elements
 * had been taken out in reverse (links remember where an element stood). So a step costs O(1), and the sorting O(log window).
 */
import { middleOf } from "./ordered-window.js";
import type { LaneWindow } from "./window-lane.js";

/** Runs this short are sorted by insertion. */
const RUN = 16;

/** A sorted block, and a split of the elements that are in: the `low` first, and those from `pivot` on. */
class SortedBlock {
  readonly #values: Float64Array;
  /** Place in the order of the sorted block; the end stands behind all. */
  readonly #rank: Int32Array;
  /** The list: position `end` is its end and its start. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #end: number;
  #order: Int32Array;
  #spare: Int32Array;
  #start = 0;
  #pivot: number;
  /** Elements that are in, and those of them before the pivot. */
  count = 0;
  low = 0;

  constructor(values: Float64Array, window: number) {
    this.#values = values;
    this.#end = window;
    this.#pivot = window;
    this.#rank = new Int32Array(window + 1);
    this.#rank[window] = window;
    this.#next = new Int32Array(window + 1);
    this.#previous = new Int32Array(window + 1);
    this.#order = new Int32Array(window);
    this.#spare = new Int32Array(window);
    this.clear();
  }

  clear(): void {
    this.#next[this.#end] = this.#end;
    this.#previous[this.#end] = this.#end;
    this.#pivot = this.#end;
    this.count = 0;
    this.low = 0;
  }

  /** Sorts the block of `length` values from `start` on, and takes all of them out, the last first. */
  load(start: number, length: number): void {
    this.clear();
    this.#start = start;
    const values = this.#values;
    const order = this.#order;
    let n = 0;
    for (let i = 0; i < length; i++) {
      const x = values[start + i];
      if (x === x) order[n++] = i;
    }
    this.#sort(n);
    const sorted = this.#order;
    const next = this.#next;
    const previous = this.#previous;
    let last = this.#end;
    for (let k = 0; k < n; k++) {
      const i = sorted[k];
      this.#rank[i] = k;
      next[last] = i;
      previous[i] = last;
      last = i;
    }
    next[last] = this.#end;
    previous[this.#end] = last;
    for (let i = length - 1; i >= 0; i--) {
      const x = values[start + i];
      if (x !== x) continue;
      next[previous[i]] = next[i];
      previous[next[i]] = previous[i];
    }
  }

  /** Sorts the first `n` of the order by value: short runs by insertion, then merged; equal values keep their order. */
  #sort(n: number): void {
    const values = this.#values;
    const start = this.#start;
    let from = this.#order;
    for (let run = 0; run < n; run += RUN) {
      const end = Math.min(n, run + RUN);
      for (let k = run + 1; k < end; k++) {
        const i = from[k];
        const x = values[start + i];
        let j = k;
        for (; j > run && values[start + from[j - 1]] > x; j--) from[j] = from[j - 1];
        from[j] = i;
      }
    }
    let to = this.#spare;
    for (let width = RUN; width < n; width *= 2) {
      for (let left = 0; left < n; left += 2 * width) {
        const middle = Math.min(n, left + width);
        const right = Math.min(n, left + 2 * width);
        let a = left;
        let b = middle;
        for (let k = left; k < right; k++) {
          const takeLeft = b >= right || (a < middle && values[start + from[a]] <= values[start + from[b]]);
          to[k] = takeLeft ? from[a++] : from[b++];
        }
      }
      [from, to] = [to, from];
    }
    this.#order = from;
    this.#spare = to;
  }

  /** Takes position `i` of the block out. */
  remove(i: number): void {
    const x = this.#values[this.#start + i];
    if (x !== x) return;
    const next = this.#next;
    const previous = this.#previous;
    if (this.#rank[i] < this.#rank[this.#pivot]) this.low--;
    else if (i === this.#pivot) this.#pivot = next[i];
    next[previous[i]] = next[i];
    previous[next[i]] = previous[i];
    this.count--;
  }

  /** Puts position `i` back; the order is the reverse of that in which positions were taken out. */
  restore(i: number): void {
    const x = this.#values[this.#start + i];
    if (x !== x) return;
    this.#next[this.#previous[i]] = i;
    this.#previous[this.#next[i]] = i;
    if (this.#rank[i] < this.#rank[this.#pivot]) this.low++;
    this.count++;
  }

  advance(): void {
    this.#pivot = this.#next[this.#pivot];
    this.low++;
  }

  retreat(): void {
    this.#pivot = this.#previous[this.#pivot];
    this.low--;
  }

  /** The least element from the pivot on; Infinity for none. */
  above(): number {
    return this.low === this.count ? Infinity : this.#values[this.#start + this.#pivot];
  }

  /** The greatest element before the pivot; -Infinity for none. */
  below(): number {
    return this.low === 0 ? -Infinity : this.#values[this.#start + this.#previous[this.#pivot]];
  }
}

/** Medians of the window that ends at every position of a lane. */
export class MedianLane implements LaneWindow {
  readonly values: Float64Array;
  readonly results: Float64Array;
  readonly counts: Float64Array;
  readonly #window: number;
  #older: SortedBlock;
  #newer: SortedBlock;

  /** `window` positions wide, over `length` positions. */
  constructor(window: number, length: number) {
    this.#window = Math.min(window, length);
    this.values = new Float64Array(length).fill(NaN);
    this.results = new Float64Array(length);
    this.counts = new Float64Array(length);
    this.#older = new SortedBlock(this.values, this.#window);
    this.#newer = new SortedBlock(this.values, this.#window);
  }

  slide(): void {
    const { length } = this.values;
    const window = this.#window;
    this.#newer.clear();
    for (let start = 0; start < length; start += window) {
      [this.#older, this.#newer] = [this.#newer, this.#older];
      const older = this.#older;
      const newer = this.#newer;
      const n = Math.min(window, length - start);
      newer.load(start, n);
      for (let i = 0; i < n; i++) {
        if (older.count) older.remove(i);
        newer.restore(i);
        const count = older.count + newer.count;
        this.counts[start + i] = count;
        this.results[start + i] = middle(older, newer, count);
      }
    }
  }
}

/** The median of what two blocks hold. */
function middle(a: SortedBlock, b: SortedBlock, count: number): number {
  const half = count >> 1;
  // one element came or went: it may stand on the wrong side of the other block's split
  while (a.below() > b.above()) {
    a.retreat();
    b.advance();
  }
  while (b.below() > a.above()) {
    b.retreat();
    a.advance();
  }
  while (a.low + b.low > half) {
    if (a.low > 0 && (b.low === 0 || a.below() >= b.below())) a.retreat();
    else b.retreat();
  }
  while (a.low + b.low < half) {
    if (a.low < a.count && (b.low === b.count || a.above() <= b.above())) a.advance();
    else b.advance();
  }
  const high = Math.min(a.above(), b.above());
  if (count & 1) return high;
  return middleOf(Math.max(a.below(), b.below()), high);
}
