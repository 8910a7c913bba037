/**
 * Owns the WebAssembly text of sliding windows: eight lanes side by side, one row after another, by the
 * blocks of `window-lane.ts`. A block in which nothing is missing, after another such, is done without counting.
 */
import { Assembler, type Local } from "./simd/assembler.js";
import { type Kernel, kernelOf } from "./simd/kernel.js";
import { I32, type WasmFunction } from "./simd/wasm-module.js";
import type { WindowName } from "./window-options.js";

/** Lanes that a kernel takes at once. */
export const LANES = 8;
/** Bytes of one field of the state of {@link LANES} lanes. */
export const FIELD_BYTES: number = LANES * 8;

export type KernelWindow = Exclude<WindowName, "median">;

/** What a kernel is written for; 4 and 8 are float32 and float64. */
export interface WindowText {
  readonly name: KernelWindow;
  readonly inSize: 4 | 8;
  readonly outSize: 4 | 8;
}

/** Fields of the state kept of the block before; the last one is the count. */
export function fieldCount(name: KernelWindow): number {
  return name === "count" ? 1 : name === "var" || name === "std" ? 3 : 2;
}

/** What the state holds before any element. */
export function identities(name: KernelWindow): number[] {
  if (name === "min") return [Infinity, 0];
  if (name === "max") return [-Infinity, 0];
  return new Array<number>(fieldCount(name)).fill(0);
}

/** Numbers that a kernel reads at `table`, as float64: four, then two for each position of the window. */
export function windowTable(
  { name, outSize }: WindowText,
  window: number,
  least: number,
  ddof: number,
): Float64Array {
  const moment = name === "var" || name === "std";
  const table = new Float64Array(4 + (moment ? 2 * window : 0));
  table[0] = least;
  // rounded to float32, a product with the reciprocal is as good as a quotient
  table[1] = moment ? window - ddof : outSize === 4 ? 1 / window : window;
  table[2] = ddof;
  if (moment)
    for (let r = 0; r < window; r++) {
      table[4 + r] = 1 / (r + 1);
      table[4 + window + r] = ((r + 1) * (window - 1 - r)) / window;
    }
  return table;
}

/**
 * The kernel `(in, inStep, out, outStep, rows, blocks, follows, window, tails, table, flag)`: addresses, bytes from row to row,
 * rows of each of `blocks` blocks. Blocks leave their state in `tails` (a row of fields for each position of the window, and
 * one more) where another `follows`; `flag` (16 bytes) says whether the last one had nothing missing.
 */
export function windowKernel(text: WindowText): Kernel | null {
  return kernelOf(`window ${text.name} ${text.inSize} ${text.outSize}`, () => writeKernel(text));
}

const [IN, IN_STEP, OUT, OUT_STEP, ROWS, BLOCKS, FOLLOWS, WINDOW, TAILS, TABLE, FLAG] = Array.from(
  { length: 11 },
  (_, i) => i,
);
const VECTORS = LANES / 2;

/** The running state: vectors of each field. */
type State = readonly (readonly Local[])[];

class Writer {
  readonly a: Assembler = new Assembler(11);
  readonly text: WindowText;
  readonly fields: number;
  readonly moment: boolean;
  /** The addresses behind the rows of the block. */
  readonly inEnd: Local;
  readonly outEnd: Local;
  constructor(text: WindowText) {
    this.text = text;
    this.fields = fieldCount(text.name);
    this.moment = text.name === "var" || text.name === "std";
    this.inEnd = this.a.local(I32);
    this.outEnd = this.a.local(I32);
  }

  /** The lanes of a row, as float64. */
  row(address: Local): Local[] {
    const { a } = this;
    return Array.from({ length: VECTORS }, (_, v) =>
      this.text.inSize === 8
        ? a.load("v128.load", address, 16 * v)
        : a.op("f64x2.promote_low_f32x4", a.load("v128.load64_zero", address, 8 * v)),
    );
  }

  storeRow(address: Local, row: readonly Local[]): void {
    row.forEach((vector, v) => {
      if (this.text.outSize === 8) this.a.store(address, 16 * v, vector);
      else this.a.storeHalf(address, 8 * v, this.a.op("f32x4.demote_f64x2_zero", vector));
    });
  }

  table(index: number): Local {
    return this.a.load("v128.load64_splat", TABLE, 8 * index);
  }

  fresh(): State {
    const { a } = this;
    return identities(this.text.name).map((value) =>
      Array.from({ length: VECTORS }, () => a.copyVector(a.f64(value))),
    );
  }

  better(x: Local, y: Local): Local {
    return this.a.op(this.text.name === "min" ? "f64x2.pmin" : "f64x2.pmax", x, y);
  }

  /** Enters a row without missing elements; `inverse` is 1 over the rows that then have entered. */
  enterClean(state: State, row: readonly Local[], inverse: Local): void {
    const { a } = this;
    row.forEach((x, v) => {
      const value = state[0][v];
      switch (this.text.name) {
        case "min":
        case "max":
          return a.assign(value, this.better(value, x));
        case "var":
        case "std": {
          const distance = a.op("f64x2.sub", x, value);
          a.assign(value, a.op("f64x2.add", value, a.op("f64x2.mul", distance, inverse)));
          const square = a.op("f64x2.mul", distance, a.op("f64x2.sub", x, value));
          return a.assign(state[1][v], a.op("f64x2.add", state[1][v], square));
        }
        default:
          return a.assign(value, a.op("f64x2.add", value, x));
      }
    });
  }

  /** Enters a row, and leaves NaN out. */
  enter(state: State, row: readonly Local[]): void {
    const { a } = this;
    const one = a.f64(1);
    row.forEach((x, v) => {
      const valid = a.op("f64x2.eq", x, x);
      const count = state[this.fields - 1][v];
      a.assign(count, a.op("f64x2.add", count, a.op("v128.and", valid, one)));
      const value = state[0][v];
      switch (this.text.name) {
        case "count":
          return;
        case "min":
        case "max":
          return a.assign(
            value,
            this.better(value, a.choose(valid, x, a.f64(identities(this.text.name)[0]))),
          );
        case "var":
        case "std": {
          const distance = a.op("v128.and", a.op("f64x2.sub", x, value), valid);
          const step = a.op("f64x2.div", distance, a.op("f64x2.pmax", count, one));
          a.assign(value, a.op("f64x2.add", value, step));
          const after = a.op("v128.and", a.op("f64x2.sub", x, value), valid);
          const square = a.op("f64x2.mul", distance, after);
          return a.assign(state[1][v], a.op("f64x2.add", state[1][v], square));
        }
        default:
          return a.assign(value, a.op("f64x2.add", value, a.op("v128.and", x, valid)));
      }
    });
  }

  tail(address: Local, field: number, v: number): Local {
    return this.a.load("v128.load", address, FIELD_BYTES * field + 16 * v);
  }

  /** Squared deviations of both blocks; `weight` is n·m / (n + m). */
  mergedSquares(state: State, address: Local, v: number, weight: Local): Local {
    const { a } = this;
    const distance = a.op("f64x2.sub", this.tail(address, 0, v), state[0][v]);
    const between = a.op("f64x2.mul", a.op("f64x2.mul", distance, distance), weight);
    return a.op("f64x2.add", a.op("f64x2.add", state[1][v], this.tail(address, 1, v)), between);
  }

  rooted(value: Local): Local {
    return this.text.name === "std" ? this.a.op("f64x2.sqrt", value) : value;
  }

  /** Results of windows without missing elements. */
  resultClean(state: State, address: Local, weight: Local, divisor: Local): Local[] {
    const { a } = this;
    return state[0].map((value, v) => {
      switch (this.text.name) {
        case "min":
        case "max":
          return this.better(value, this.tail(address, 0, v));
        case "var":
        case "std":
          return this.rooted(a.op("f64x2.div", this.mergedSquares(state, address, v, weight), divisor));
        case "mean": {
          const sum = a.op("f64x2.add", value, this.tail(address, 0, v));
          return a.op(this.text.outSize === 4 ? "f64x2.mul" : "f64x2.div", sum, divisor);
        }
        default:
          return a.op("f64x2.add", value, this.tail(address, 0, v));
      }
    });
  }

  result(state: State, address: Local, least: Local, ddof: Local): Local[] {
    const { a } = this;
    const own = state[this.fields - 1];
    return own.map((mine, v) => {
      const other = this.tail(address, this.fields - 1, v);
      const count = a.op("f64x2.add", mine, other);
      let value = count;
      switch (this.text.name) {
        case "count":
          break;
        case "min":
        case "max":
          value = this.better(state[0][v], this.tail(address, 0, v));
          break;
        case "var":
        case "std": {
          const some = a.op("f64x2.pmax", count, a.f64(1));
          const weight = a.op("f64x2.div", a.op("f64x2.mul", mine, other), some);
          const squares = this.mergedSquares(state, address, v, weight);
          value = this.rooted(a.op("f64x2.div", squares, a.op("f64x2.sub", count, ddof)));
          break;
        }
        case "sum":
        case "mean":
          value = a.op("f64x2.add", state[0][v], this.tail(address, 0, v));
          if (this.text.name === "mean") value = a.op("f64x2.div", value, count);
      }
      return a.choose(a.op("f64x2.ge", count, least), value, a.f64(NaN));
    });
  }

  /** Runs `body` for `count` rows. */
  rows(count: Local, body: () => void): void {
    this.a.countdown(this.a.copy(count), body);
  }

  forwards(clean: boolean): void {
    const { a } = this;
    const from = a.copy(IN);
    const to = a.copy(OUT);
    const tails = a.copy(TAILS);
    const inverses = a.copy(TABLE);
    const weights = a.copy(TABLE);
    if (this.moment && clean) a.advanceBy(weights, WINDOW, 3);
    const state = this.fresh();
    const least = this.table(0);
    const divisor = this.table(1);
    const ddof = this.table(2);
    this.rows(ROWS, () => {
      const row = this.row(from);
      a.advance(tails, FIELD_BYTES * this.fields);
      if (clean) {
        const inverse = this.moment ? a.load("v128.load64_splat", inverses, 32) : divisor;
        const weight = this.moment ? a.load("v128.load64_splat", weights, 32) : divisor;
        this.enterClean(state, row, inverse);
        this.storeRow(to, this.resultClean(state, tails, weight, divisor));
        if (this.moment) {
          a.advance(inverses, 8);
          a.advance(weights, 8);
        }
      } else {
        this.enter(state, row);
        this.storeRow(to, this.result(state, tails, least, ddof));
      }
      a.advanceBy(from, IN_STEP, 0);
      a.advanceBy(to, OUT_STEP, 0);
    });
    a.assign(this.inEnd, from);
    a.assign(this.outEnd, to);
  }

  backwards(clean: boolean): void {
    const { a } = this;
    const from = a.copy(this.inEnd);
    const tails = a.copy(TAILS);
    for (let i = 0; i < this.fields; i++) a.advanceBy(tails, WINDOW, Math.log2(FIELD_BYTES));
    const inverses = a.copy(TABLE);
    const state = this.fresh();
    const divisor = this.table(1);
    this.rows(ROWS, () => {
      a.assign(from, a.scalarOp("i32.sub", I32, from, IN_STEP));
      a.advance(tails, -FIELD_BYTES * this.fields);
      const row = this.row(from);
      if (clean) {
        this.enterClean(state, row, this.moment ? a.load("v128.load64_splat", inverses, 32) : divisor);
        if (this.moment) a.advance(inverses, 8);
      } else this.enter(state, row);
      state.forEach((vectors, field) => {
        // counts of a clean block are known: they are written when somebody asks
        if (clean && field === this.fields - 1) return;
        vectors.forEach((vector, v) => a.store(tails, FIELD_BYTES * field + 16 * v, vector));
      });
    });
  }

  /** Writes the counts that a clean block left out. */
  writeCounts(): void {
    const { a } = this;
    const tails = a.copy(TAILS);
    for (let i = 0; i < this.fields; i++) a.advanceBy(tails, WINDOW, Math.log2(FIELD_BYTES));
    const count = a.copyVector(a.f64(0));
    this.rows(WINDOW, () => {
      a.advance(tails, -FIELD_BYTES * this.fields);
      a.assign(count, a.op("f64x2.add", count, a.f64(1)));
      for (let v = 0; v < VECTORS; v++) a.store(tails, FIELD_BYTES * (this.fields - 1) + 16 * v, count);
    });
  }

  /** 1 where a vector has no bit set. */
  isZero(vector: Local): Local {
    const { a } = this;
    const swapped = a.shuffle(vector, vector, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]);
    const bits = a.extract("i64x2.extract_lane", a.op("v128.or", vector, swapped), 0);
    return a.scalarOp("i64.eqz", I32, bits);
  }

  /** 1 where the block misses nothing. */
  isClean(): Local {
    const { a, text } = this;
    const from = a.copy(IN);
    const missing = a.copyVector(a.i32(0));
    this.rows(ROWS, () => {
      for (let v = 0; v < (LANES * text.inSize) / 16; v++) {
        const x = a.load("v128.load", from, 16 * v);
        const nan = a.op(text.inSize === 4 ? "f32x4.ne" : "f64x2.ne", x, x);
        a.assign(missing, a.op("v128.or", missing, nan));
      }
      a.advanceBy(from, IN_STEP, 0);
    });
    return this.isZero(missing);
  }

  write(): WasmFunction {
    const { a } = this;
    const always = this.text.name === "count";
    a.countdown(BLOCKS, () => {
      if (always) {
        this.forwards(false);
        a.when(FOLLOWS, () => this.backwards(false));
      } else {
        // the flag is not 0 after a block with something missing, and before the first
        const cleanBefore = this.isZero(a.load("v128.load", FLAG, 0));
        const clean = this.isClean();
        const both = a.scalarOp("i32.and", I32, clean, cleanBefore);
        const counting = a.scalarOp("i32.eqz", I32, both);
        a.when(both, () => this.forwards(true));
        a.when(counting, () => {
          a.when(cleanBefore, () => this.writeCounts());
          this.forwards(false);
        });
        a.when(FOLLOWS, () => {
          a.when(clean, () => {
            this.backwards(true);
            a.store(FLAG, 0, a.i32(0));
          });
          a.when(a.scalarOp("i32.eqz", I32, clean), () => {
            this.backwards(false);
            a.store(FLAG, 0, a.i32(-1));
          });
        });
      }
      a.assign(IN, this.inEnd);
      a.assign(OUT, this.outEnd);
    });
    return a.finish("run");
  }
}

function writeKernel(text: WindowText): WasmFunction {
  return new Writer(text).write();
}
