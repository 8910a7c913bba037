/**
 * Owns indexes: the labels of a dimension, and the way from labels to positions. An index is made of
 * a dimension coordinate, which is in memory, and is kept as long as the coordinate lives.
 */
import { literal } from "@hyperslab/array/build";
import { type AxisSelection, positions, slice } from "@hyperslab/core/box";
import { type Dtype, type BlockData, allocate, isBig, isCftime, isTime } from "@hyperslab/core/dtype";
import { ArgumentError, LabelError } from "@hyperslab/core/errors";
import { fromFloat16 } from "@hyperslab/core/float16";
import { commonDtype } from "@hyperslab/core/promotion";
import { inMemoryBlock } from "./evaluate.js";
import { type Key, type Label, type Tolerance, isText, keyOfLabel, reachOf } from "./label.js";
import {
  type Interval,
  type Resolution,
  convertCount,
  formatTime,
  parseInterval,
  resolutionOf,
} from "./times.js";
import { Variable } from "./variable.js";

/** How a label that is not there is met: by the nearest, by the last before it, by the first after it. */
export type Method = "nearest" | "ffill" | "pad" | "bfill" | "backfill";

const CACHE = new WeakMap<Variable, Index>();

/** The index of a dimension coordinate. @throws ArgumentError while its labels are not in memory */
export function indexOf(dim: string, variable: Variable): Index {
  const known = CACHE.get(variable);
  if (known) return known;
  const block = inMemoryBlock(variable.node);
  if (!block)
    throw new ArgumentError({
      asked: `labels of dimension "${dim}"`,
      found: "they are not in memory",
      hint: "await compute() of the coordinate, then assignCoords() it",
    });
  const keys =
    block.dtype === "float16"
      ? Float32Array.from(block.data as Uint16Array, fromFloat16)
      : (block.data as ArrayLike<Key>);
  const index = new Index(dim, block.dtype, keys);
  CACHE.set(variable, index);
  return index;
}

/** Labels of one dimension, ready to be looked up. */
export class Index {
  readonly dim: string;
  readonly dtype: Dtype;
  readonly keys: ArrayLike<Key>;
  readonly length: number;
  readonly increasing: boolean;
  readonly decreasing: boolean;
  #places: Map<Key, number> | null = null;
  #unique: boolean;
  #resolution: Resolution | null = null;

  constructor(dim: string, dtype: Dtype, keys: ArrayLike<Key>) {
    this.dim = dim;
    this.dtype = dtype;
    this.keys = keys;
    this.length = keys.length;
    // NaN is in no order, also where it stands alone
    let up = keys.length !== 1 || keys[0] === keys[0];
    let down = up;
    let strict = up;
    for (let i = 1; i < keys.length; i++) {
      const a = keys[i - 1];
      const b = keys[i];
      if (!(a <= b)) up = false;
      if (!(a >= b)) down = false;
      if (!(a < b) && !(a > b)) strict = false;
    }
    this.increasing = up;
    this.decreasing = down && !up;
    this.#unique = strict && (up || down);
  }

  /** True where no label stands twice. */
  get unique(): boolean {
    return this.#unique || this.#map().size === this.length;
  }

  /** Labels that are equal by value; dtypes may differ. */
  equals(other: Index): boolean {
    if (this === other || this.keys === other.keys) return true;
    if (this.length !== other.length) return false;
    const [a, b] = comparable(this, other);
    if (a instanceof BigInt64Array && b instanceof BigInt64Array)
      return (
        Buffer.compare(
          new Uint8Array(a.buffer, a.byteOffset, a.byteLength),
          new Uint8Array(b.buffer, b.byteOffset, b.byteLength),
        ) === 0
      );
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && (a[i] === a[i] || b[i] === b[i])) return false;
    return true;
  }

  /** For every label of `other` its position here; -1 where it is not here. @throws LabelError for labels that stand twice */
  positionsFor(other: Index): Int32Array {
    if (!this.unique)
      throw new LabelError({
        dim: this.dim,
        label: "…",
        found: "labels stand more than once",
        hint: "isel() one of each first",
      });
    const [own, theirs] = comparable(this, other);
    const places = own === this.keys ? this.#map() : placesOf(own);
    return Int32Array.from({ length: theirs.length }, (_, i) => places.get(theirs[i]) ?? -1);
  }

  /** Labels of both, sorted; as a coordinate with the attributes of `left`. */
  union(other: Index, left: Variable, right: Variable): Variable {
    const [a, b] = comparable(this, other);
    const all = [...new Set([...Array.from(a), ...Array.from(b)])].sort((x, y) =>
      x < y ? -1 : x > y ? 1 : 0,
    );
    const dtype = left.dtype === right.dtype ? left.dtype : commonDtype([left.dtype, right.dtype]);
    const data = allocate(dtype, all.length) as Key[] & BlockData;
    for (let i = 0; i < all.length; i++) {
      const key = all[i];
      data[i] = isBig(dtype) && typeof key === "number" ? BigInt(key) : key;
    }
    return new Variable(left.dims, literal({ dtype, shape: [all.length], data }), left.attrs);
  }

  /** The label at a position, for people. */
  format(position: number): string {
    if (position < 0 || position >= this.length) return "nothing";
    const key = this.keys[position];
    return isTime(this.dtype) ? formatTime(key as bigint, this.dtype) : String(key);
  }

  /**
   * Where a label stands: a position, or a selection where it stands more than once or names an
   * interval of time (`"2000-01"`).
   *
   * @throws LabelError where it does not stand here
   */
  locate(label: Label, method?: Method, tolerance?: Tolerance): number | AxisSelection {
    const interval = method === undefined ? this.#intervalOf(label) : null;
    if (interval) return this.#within(label, interval);
    const position = this.#exact(keyOfLabel(label, this.dtype, this.dim));
    if (typeof position !== "number" || position !== -1) return position;
    if (method === undefined) throw this.#absent(label);
    return this.#near(label, method, tolerance);
  }

  /** Positions of a list of labels. @throws LabelError where one does not stand here, or stands twice */
  locateAll(labels: readonly Label[], method?: Method, tolerance?: Tolerance): Int32Array {
    return Int32Array.from(labels, (label) => {
      const position = this.#exact(keyOfLabel(label, this.dtype, this.dim));
      if (typeof position !== "number")
        throw new LabelError({
          dim: this.dim,
          label: String(label),
          found: "the label stands more than once",
          hint: "select it alone, or isel() positions",
        });
      if (position !== -1) return position;
      if (method === undefined) throw this.#absent(label);
      return this.#near(label, method, tolerance);
    });
  }

  /**
   * The labels from `start` to `stop`, both ends included, every `step`-th of them.
   *
   * @throws LabelError where the labels are in no order, and an end is not among them or stands twice
   */
  between(start: Label | null, stop: Label | null, step = 1): AxisSelection {
    if (step === 0) throw new ArgumentError({ asked: "slice", found: "a step of 0", hint: "give 1 or -1" });
    const [low, high] = step > 0 ? [start, stop] : [stop, start];
    let from = low === null ? 0 : this.#bound(low, "left");
    let to = high === null ? this.length : this.#bound(high, "right");
    to = Math.max(from, to);
    from = Math.min(from, this.length);
    const count = Math.ceil((to - from) / Math.abs(step));
    return step > 0 ? slice(from, count, step) : slice(to - 1, count, step);
  }

  #map(): Map<Key, number> {
    this.#places ??= placesOf(this.keys);
    return this.#places;
  }

  /** Position of a key, a selection where it stands more than once, -1 where it doesn't. */
  #exact(key: Key): number | AxisSelection {
    if (this.increasing || this.decreasing) {
      if (key !== key) return -1;
      const from = this.#search(key, "left");
      const to = this.#search(key, "right");
      if (to - from === 1) return from;
      return to > from ? slice(from, to - from) : -1;
    }
    const whole = isBig(this.dtype) && typeof key === "number" && Number.isInteger(key) ? BigInt(key) : key;
    const first = this.#map().get(whole);
    if (first === undefined) return -1;
    if (this.unique) return first;
    const all: number[] = [];
    for (let i = 0; i < this.length; i++)
      if (this.keys[i] === whole || (whole !== whole && this.keys[i] !== this.keys[i])) all.push(i);
    return all.length === 1 ? all[0] : positions(all);
  }

  /** First position not before (left) or after (right) a key, in the order of the labels. */
  #search(key: Key, side: "left" | "right"): number {
    let lo = 0;
    let hi = this.length;
    while (lo < hi) {
      const middle = (lo + hi) >> 1;
      const other = this.keys[middle];
      const before = this.decreasing ? other > key : other < key;
      const after = this.decreasing ? other < key : other > key;
      if (before || (side === "right" && !after)) lo = middle + 1;
      else hi = middle;
    }
    return lo;
  }

  /** The edge of a slice at a label. */
  #bound(label: Label, side: "left" | "right"): number {
    const ends = isText(label) && isTime(this.dtype) ? parseInterval(label, this.dtype) : null;
    if (this.increasing || this.decreasing) {
      if (!ends) return this.#search(this.#orderedKey(label), side);
      // the far end of the interval, so that both ends are included in either direction
      const first = (side === "left") === this.increasing;
      return this.#search(first ? ends.start : ends.last, side);
    }
    const found = this.#exact(keyOfLabel(label, this.dtype, this.dim, true));
    if (typeof found !== "number" || found === -1)
      throw new LabelError({
        dim: this.dim,
        label: String(label),
        found:
          found === -1
            ? "the labels are in no order, and this is none of them"
            : "the labels are in no order, and this stands more than once",
        hint: "select positions with isel()",
      });
    return side === "left" ? found : found + 1;
  }

  /** The key of a slice's end. @throws LabelError for NaN, which lies nowhere */
  #orderedKey(label: Label): Key {
    const key = keyOfLabel(label, this.dtype, this.dim, true);
    if (key === key) return key;
    throw new LabelError({
      dim: this.dim,
      label: `slice(… ${String(label)} …)`,
      found: "NaN lies nowhere among ordered labels",
      hint: "give a number, or null for an open end",
    });
  }

  /** The interval a date names, where it is coarser than the labels; null where it is one label. */
  #intervalOf(label: Label): Interval | null {
    if (!isText(label) || !isTime(this.dtype)) return null;
    const interval = parseInterval(label, this.dtype);
    if (isCftime(this.dtype)) return interval;
    this.#resolution ??= resolutionOf(this.keys as ArrayLike<bigint>, this.dtype);
    return interval.resolution < this.#resolution ? interval : null;
  }

  #within(label: Label, { start, last }: Interval): AxisSelection {
    if (this.increasing || this.decreasing) {
      const from = this.#search(this.decreasing ? last : start, "left");
      const to = this.#search(this.decreasing ? start : last, "right");
      const outside = this.length > 0 && to === from && (to === 0 || from === this.length);
      if (outside) throw this.#absent(label);
      return slice(from, to - from);
    }
    const all: number[] = [];
    for (let i = 0; i < this.length; i++) {
      const key = this.keys[i] as bigint;
      if (key >= start && key <= last) all.push(i);
    }
    return positions(all);
  }

  #near(label: Label, method: Method, tolerance?: Tolerance): number {
    if (!this.increasing && !this.decreasing)
      throw new LabelError({
        dim: this.dim,
        label: String(label),
        found: `the labels are in no order, which "${method}" needs`,
        hint: "ask for a label that is there",
      });
    if (!this.unique || this.dtype === "string")
      throw new LabelError({
        dim: this.dim,
        label: String(label),
        found: this.unique ? "strings have no distance" : "labels stand more than once",
        hint: "ask for a label that is there",
      });
    const key = keyOfLabel(label, this.dtype, this.dim) as number | bigint;
    if (key !== key) throw this.#absent(label);
    const at = this.#search(key, "left");
    // "before" and "after" go by position, also where labels fall
    const before = at - 1;
    const after = at;
    const distance = (position: number): number | null =>
      position < 0 || position >= this.length ? null : reachOf(this.keys[position] as number | bigint, key);
    const [down, up] = [distance(before), distance(after)];
    let chosen: number;
    if (method === "ffill" || method === "pad") chosen = before;
    else if (method === "bfill" || method === "backfill") chosen = after;
    else if (down === null) chosen = after;
    else if (up === null) chosen = before;
    else chosen = down < up || (down === up && this.decreasing) ? before : after;
    const reached = distance(chosen);
    const limit = tolerance === undefined ? Infinity : toleranceIn(tolerance, this.dtype);
    if (reached === null || reached > limit) throw this.#absent(label, method, limit);
    return chosen;
  }

  #absent(label: Label, method?: Method, limit?: number): LabelError {
    const text = label instanceof Date ? label.toISOString() : String(label);
    if (this.length === 0)
      return new LabelError({ dim: this.dim, label: text, found: "the dimension has no labels" });
    const range = `${this.length} labels from ${this.format(0)} to ${this.format(this.length - 1)}`;
    let near = "";
    const key = keyOfLabel(label, this.dtype, this.dim);
    if ((this.increasing || this.decreasing) && this.dtype !== "string" && key === key) {
      const at = this.#search(key, "left");
      const around = [at - 1, at].filter((i) => i >= 0 && i < this.length).map((i) => this.format(i));
      near = `; the nearest are ${around.join(" and ")}`;
    }
    return new LabelError({
      dim: this.dim,
      label: text,
      found:
        method && limit !== undefined && limit !== Infinity
          ? `no label within the tolerance among ${range}${near}`
          : `not among ${range}${near}`,
      hint: method
        ? "widen the tolerance or take another method"
        : 'give a label that is there, or method: "nearest"',
    });
  }
}

function toleranceIn(tolerance: Tolerance, dtype: Dtype): number {
  if (typeof tolerance !== "object") return Number(tolerance);
  return Number(convertCount(BigInt(tolerance.value as bigint), tolerance.dtype, dtype));
}

function placesOf(keys: ArrayLike<Key>): Map<Key, number> {
  const places = new Map<Key, number>();
  for (let i = keys.length; i-- > 0;) places.set(keys[i], i);
  return places;
}

/** The keys of two indexes in one form: of one unit, and both bigints or both numbers. */
function comparable(a: Index, b: Index): [ArrayLike<Key>, ArrayLike<Key>] {
  if (a.dtype === b.dtype) return [a.keys, b.keys];
  if (isTime(a.dtype) && isTime(b.dtype) && !isCftime(a.dtype) && !isCftime(b.dtype)) {
    const common = commonDtype([a.dtype, b.dtype]);
    const convert = (index: Index): ArrayLike<Key> =>
      index.dtype === common
        ? index.keys
        : Array.from(index.keys, (key) => convertCount(key as bigint, index.dtype, common));
    return [convert(a), convert(b)];
  }
  if (isBig(a.dtype) === isBig(b.dtype)) return [a.keys, b.keys];
  const numbers = (index: Index): ArrayLike<Key> =>
    isBig(index.dtype) && !isTime(index.dtype) ? Array.from(index.keys, Number) : index.keys;
  return [numbers(a), numbers(b)];
}
