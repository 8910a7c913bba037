/**
 * Owns the feeding of kernels: it gives, for any stretch of a flattened loop, an address where its
 * elements stand side by side. Elements that lie so in the arena stay there; others are copied to a slot.
 */
import { copyBytes } from "@hyperslab/core/copy-bytes";
import { itemSize, type TypedArray, viewOf } from "@hyperslab/core/dtype";
import type { Operand } from "../operand.js";
import { type Arena, placeInArena } from "./arena.js";

/** Elements of one tile: few enough for the tiles of an expression to stay in cache. */
export const TILE = 16384;
/** Bytes of a slot. */
export const SLOT_BYTES: number = TILE * 8 + 128;

/** Runs shorter than this are copied element by element. */
const RUN = 24;

/** One axis of the flattened loop; the stride is in elements. */
export interface FeedAxis {
  readonly length: number;
  readonly stride: number;
}

type Elements = { [index: number]: number };

/** Feeds one operand. */
export class Feeder {
  /** True where all elements of a stretch are one: the address is that of a single element. */
  readonly splat: boolean;
  readonly size: number;
  readonly #axes: readonly FeedAxis[];
  readonly #bytes: Uint8Array;
  readonly #memory: Uint8Array;
  readonly #from: Elements;
  readonly #to: Elements;
  readonly #fillFrom: TypedArray;
  readonly #fillTo: TypedArray;
  readonly #slot: number;
  readonly #place: number;
  #held = -1;

  constructor(arena: Arena, operand: Operand, axes: readonly FeedAxis[], slot: number) {
    const data = operand.data as TypedArray;
    const { buffer } = arena.memory;
    this.size = itemSize(operand.dtype);
    this.splat = axes.every((axis) => axis.stride === 0 || axis.length === 1);
    this.#axes = merged(axes);
    this.#slot = slot;
    this.#place = placeInArena(arena, data);
    this.#bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#memory = new Uint8Array(buffer);
    const word = this.size === 1 ? "uint8" : this.size === 2 ? "uint16" : "int32";
    const from = viewOf(word, data.buffer, data.byteOffset, data.byteLength / itemSize(word));
    const to = viewOf(word, buffer, slot, SLOT_BYTES / itemSize(word));
    this.#from = from as Int32Array;
    this.#to = to as Int32Array;
    const pair = this.size === 8;
    this.#fillFrom = pair ? viewOf("int64", data.buffer, data.byteOffset, data.length) : from;
    this.#fillTo = pair ? viewOf("int64", buffer, slot, SLOT_BYTES / 8) : to;
  }

  /**
   * The address of elements `start .. start + n` of the flattened axes, counted from element `base`
   * of the operand; `n` is at most {@link TILE}.
   */
  feed(base: number, start: number, n: number): number {
    const axes = this.#axes;
    if (this.splat) {
      if (this.#place >= 0) return this.#place + base * this.size;
      if (this.#held !== base) {
        this.#copy(base, 1, 0, 1);
        this.#held = base;
      }
      return this.#slot;
    }
    const { length, stride } = axes[axes.length - 1];
    let row = Math.floor(start / length);
    let column = start - row * length;
    let done = 0;
    if (this.#place >= 0 && stride === 1 && column + n <= length)
      return this.#place + (base + this.#rowOffset(row) + column) * this.size;
    while (done < n) {
      const count = Math.min(n - done, length - column);
      this.#copy(base + this.#rowOffset(row) + column * stride, stride, done, count);
      done += count;
      column = 0;
      row++;
    }
    return this.#slot;
  }

  #rowOffset(row: number): number {
    let rest = row;
    let offset = 0;
    for (let d = this.#axes.length - 2; d >= 0; d--) {
      const { length, stride } = this.#axes[d];
      const next = Math.floor(rest / length);
      offset += (rest - next * length) * stride;
      rest = next;
    }
    return offset;
  }

  /** Copies `n` elements from element `p`, `stride` apart, to places `q …` of the slot. */
  #copy(p: number, stride: number, q: number, n: number): void {
    if (n >= RUN && stride === 1) {
      const { size } = this;
      const to = this.#slot + q * size;
      copyBytes(this.#bytes.subarray(p * size, (p + n) * size), this.#memory.subarray(to, to + n * size));
    } else if (n >= RUN && stride === 0) {
      (this.#fillTo as Float64Array).fill(this.#fillFrom[p] as number, q, q + n);
    } else if (this.size < 8) copyWords(this.#from, p, stride, this.#to, q, n);
    else copyLongs(this.#fillFrom as BigInt64Array, p, stride, this.#fillTo as BigInt64Array, q, n);
  }
}

/** The axes with neighbours made one where one stride leads through both. */
function merged(axes: readonly FeedAxis[]): FeedAxis[] {
  const out: FeedAxis[] = [];
  for (const axis of axes) {
    const last = out[out.length - 1];
    if (last && last.stride === axis.stride * axis.length)
      out[out.length - 1] = { length: last.length * axis.length, stride: axis.stride };
    else out.push(axis);
  }
  return out;
}

function copyWords(from: Elements, p: number, stride: number, to: Elements, q: number, n: number): void {
  for (let i = 0; i < n; i++) to[q + i] = from[p + i * stride];
}

/** Apart from the others, so that bigints never meet them. */
function copyLongs(
  from: BigInt64Array,
  p: number,
  stride: number,
  to: BigInt64Array,
  q: number,
  n: number,
): void {
  for (let i = 0; i < n; i++) to[q + i] = from[p + i * stride];
}
