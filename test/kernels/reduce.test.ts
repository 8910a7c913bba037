import { allocateBlock, type Block } from "@hyperslab/core/block";
import { type Dtype, isFloat } from "@hyperslab/core/dtype";
import { type Reduction, reduction, stateOf } from "@hyperslab/core/reduction";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { finishReduction } from "@hyperslab/kernels/finish";
import { copyStrided } from "@hyperslab/kernels/move";
import { operandOf } from "@hyperslab/kernels/operand";
import { combineStates, reducePartial } from "@hyperslab/kernels/reduce";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockOf, elementsOf, readNumpyValues, ulps, unpack } from "./numpy-values.js";
import { REDUCTIONS } from "./reductions.js";

const numpy = readNumpyValues();

function reduceWhole(reduce: Reduction, block: Block, axes: readonly number[]): Block {
  const state = reducePartial(reduce, operandOf(block, block.shape), block.shape, axes, 0);
  expect(state.map((field) => field.dtype)).toEqual(stateOf(reduce));
  return finishReduction(reduce, state);
}

/** A box of a block, copied. */
function cut(block: Block, start: readonly number[], shape: readonly number[]): Block {
  const strides = stridesOf(block.shape);
  const offset = start.reduce((sum, position, axis) => sum + position * strides[axis], 0);
  const out = allocateBlock(block.dtype, shape);
  copyStrided({ dtype: block.dtype, data: block.data, offset, strides }, shape, operandOf(out, shape));
  return out;
}

/** Reduces in chunks of `chunk` along every axis of `axes`, then combines their states. */
function reduceChunked(reduce: Reduction, block: Block, axes: readonly number[], chunk: number): Block {
  let shape = block.shape.map((length, axis) =>
    axes.includes(axis) ? Math.max(1, Math.ceil(length / chunk)) : length,
  );
  const state = stateOf(reduce).map((dtype) => allocateBlock(dtype, shape));
  const counts = shape.map((length, axis) => (axes.includes(axis) ? length : 1));
  for (let n = 0; n < sizeOf(counts); n++) {
    const coords = counts.map((_, axis) => Math.floor(n / stridesOf(counts)[axis]) % counts[axis]);
    const start = coords.map((coord) => coord * chunk);
    const size = block.shape.map((length, axis) =>
      axes.includes(axis) ? Math.min(chunk, length - start[axis]) : length,
    );
    const from = start.map((position, axis) => (axes.includes(axis) ? position : 0));
    const piece = cut(block, from, size);
    const part = reducePartial(reduce, operandOf(piece, size), size, axes, from[axes[0]]);
    part.forEach((field, f) => {
      const strides = stridesOf(shape);
      copyStrided(operandOf(field, field.shape), field.shape, {
        dtype: field.dtype,
        data: state[f].data,
        offset: coords.reduce((sum, coord, axis) => sum + coord * strides[axis], 0),
        strides,
      });
    });
  }
  const combined = combineStates(
    reduce,
    state,
    axes.map((axis) => ({ axis, width: 1 })),
  );
  shape = [...combined[0].shape];
  return finishReduction(reduce, combined);
}

function close(name: string, got: Block, want: Block, what: string): void {
  const a = elementsOf(got);
  const b = elementsOf(want);
  expect(a.length, what).toBe(b.length);
  expect(got.dtype, what).toBe(want.dtype);
  // sums run in another order than NumPy's
  const loose = got.dtype === "float64" && ["sum", "mean", "prod", "var", "std"].includes(name);
  const tolerance = loose ? 200 : isFloat(got.dtype) ? 1 : 0;
  for (let i = 0; i < a.length; i++)
    if (!(ulps(got.dtype, a[i], b[i]) <= tolerance))
      expect.fail(`${what}: element ${i} is ${String(a[i])}, NumPy has ${String(b[i])}`);
}

describe("reductions give NumPy's values", () => {
  const names = [...new Set(numpy.reductions.map(({ name }) => name))];
  it.each(names)("%s", (name) => {
    for (const entry of numpy.reductions.filter((one) => one.name === name)) {
      const block = unpack(numpy, entry.arg);
      const want = unpack(numpy, entry.result);
      const reduce = reduction(name, block.dtype, { skipna: entry.skipna, ...entry.options });
      const what = `${name} of ${block.dtype} over ${entry.axes.join(",")} ${JSON.stringify(entry.options)} skipna=${entry.skipna}`;
      close(name, reduceWhole(reduce, block, entry.axes), want, what);
      close(name, reduceChunked(reduce, block, entry.axes, 2), want, `${what}, in chunks`);
    }
  });
});

const DTYPES: readonly Dtype[] = [
  "float32",
  "float64",
  "float16",
  "int16",
  "int64",
  "uint8",
  "datetime64[s]",
];

describe("special cases", () => {
  it("all missing", () => {
    const block = blockOf("float32", [NaN, NaN, NaN]);
    const value = (name: Reduction["name"], options: Partial<Reduction> = {}): unknown =>
      elementsOf(reduceWhole(reduction(name, "float32", options), block, [0]))[0];
    expect(value("sum")).toBe(0);
    expect(value("prod")).toBe(1);
    expect(value("sum", { minCount: 1 })).toBeNaN();
    for (const name of ["mean", "var", "std", "min", "max", "first", "last"] as const)
      expect(value(name)).toBeNaN();
    expect(value("argmin")).toBe(-1n);
    expect(value("argmin", { skipna: false })).toBe(0n);
    expect(value("count")).toBe(0n);
    expect(value("any")).toBe(0);
    expect(value("any", { skipna: false })).toBe(1);
    expect(value("all")).toBe(1);
  });
  it("missing times", () => {
    const nat = -(2n ** 63n);
    const block = blockOf("datetime64[s]", [10n, nat, 13n]);
    const value = (name: Reduction["name"], skipna: boolean): unknown =>
      elementsOf(reduceWhole(reduction(name, block.dtype, { skipna }), block, [0]))[0];
    expect(value("mean", true)).toBe(11n);
    expect(value("mean", false)).toBe(nat);
    expect(value("min", true)).toBe(10n);
    expect(value("min", false)).toBe(nat);
    expect(value("max", true)).toBe(13n);
    expect(value("argmax", true)).toBe(2n);
    expect(value("argmax", false)).toBe(1n);
    expect(value("count", false)).toBe(2n);
    const delta = blockOf("timedelta64[s]", [-1n, nat, -2n]);
    const of = (name: Reduction["name"], skipna: boolean): unknown =>
      elementsOf(reduceWhole(reduction(name, delta.dtype, { skipna }), delta, [0]))[0];
    expect(of("sum", true)).toBe(-3n);
    expect(of("sum", false)).toBe(nat);
    expect(of("mean", true)).toBe(-1n);
    expect(of("std", true)).toBe(0n);
    expect(of("std", false)).toBe(nat);
  });
  it("first and last", () => {
    const block = blockOf("float64", [NaN, 1, NaN, 3, 4, NaN], [2, 3]);
    const run = (name: "first" | "last", skipna: boolean, axis: number): unknown[] =>
      elementsOf(reduceWhole(reduction(name, "float64", { skipna }), block, [axis]));
    expect(run("first", true, 1)).toEqual([1, 3]);
    expect(run("last", true, 1)).toEqual([1, 4]);
    expect(run("first", false, 1)).toEqual([NaN, 3]);
    expect(run("last", true, 0)).toEqual([3, 4, NaN]);
    const text = blockOf("string", ["a", "b"]);
    expect(elementsOf(reduceWhole(reduction("last", "string"), text, [0]))).toEqual(["b"]);
  });
  it("nothing at all", () => {
    const block = allocateBlock("float64", [0, 2]);
    for (const name of ["sum", "mean", "max", "count"] as const) {
      const got = reduceWhole(reduction(name, "float64"), block, [0]);
      expect(got.shape).toEqual([1, 2]);
    }
  });
  it("positions count from the origin of the block, on one axis", () => {
    const block = blockOf("float64", [3, 1, 2]);
    const reduce = reduction("argmin", "float64");
    const state = reducePartial(reduce, operandOf(block, [3]), [3], [0], 40);
    expect(elementsOf(finishReduction(reduce, state))).toEqual([41n]);
    const square = allocateBlock("float64", [2, 2]);
    expect(() => reducePartial(reduce, operandOf(square, [2, 2]), [2, 2], [0, 1], 0)).toThrow(/one axis/);
  });
  it("adds many integers exactly", () => {
    const block = allocateBlock("uint32", [3_000_000]);
    (block.data as Uint32Array).fill(4294967295);
    const sum = elementsOf(reduceWhole(reduction("sum", "uint32"), block, [0]))[0];
    expect(sum).toBe(4294967295n * 3_000_000n);
    const tall = { ...block, shape: [1_500_000, 2] };
    expect(elementsOf(reduceWhole(reduction("sum", "uint32"), tall, [0]))).toEqual([
      4294967295n * 1_500_000n,
      4294967295n * 1_500_000n,
    ]);
  });
});

describe("combining", () => {
  const names = REDUCTIONS.filter((name) => name !== "std");
  it("chunked equals whole, for any chunks, holes and axes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom(...DTYPES),
        fc.boolean(),
        fc.tuple(
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 1, max: 4 }),
        ),
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 1, max: 5 }),
        fc.infiniteStream(fc.integer({ min: -4, max: 4 })),
        (name, dtype, skipna, shape, axis, chunk, stream) => {
          if (dtype === "datetime64[s]" && ["sum", "prod", "var"].includes(name)) return;
          const time = dtype.startsWith("datetime");
          const values: (number | bigint)[] = [];
          for (let i = 0; i < sizeOf(shape); i++) {
            const value = stream.next().value;
            if (time) values.push(value === -4 ? -(2n ** 63n) : BigInt(value));
            else if (dtype === "int64") values.push(BigInt(value));
            else if (dtype === "float16")
              values.push([0x3c00, 0xbc00, 0x4000, 0x7e00, 0, 0x4200, 0xc500, 1, 2][value + 4]);
            else if (isFloat(dtype)) values.push(value === -4 ? NaN : value);
            else values.push(Math.abs(value));
          }
          const block = blockOf(dtype, values, [...shape]);
          const reduce = reduction(name, dtype, { skipna });
          const whole = elementsOf(reduceWhole(reduce, block, [axis]));
          const chunked = elementsOf(reduceChunked(reduce, block, [axis], chunk));
          const tolerance = name === "var" ? 1e-12 : 0;
          whole.forEach((value, i) => {
            const other = chunked[i];
            const same =
              Object.is(value, other) ||
              value === other ||
              Math.abs(Number(value) - Number(other)) <= tolerance * (1 + Math.abs(Number(value)));
            if (!same) expect.fail(`${name} ${dtype}: ${String(value)} in whole, ${String(other)} in chunks`);
          });
        },
      ),
      { numRuns: 400 },
    );
  });
  it("merges stretches wider than one", () => {
    const reduce = reduction("sum", "float64");
    const state = blockOf("float64", [1, 2, 3, 10, 20, 30, 5, 6, 7, 50, 60, 70], [2, 6]);
    const [sum] = combineStates(reduce, [state], [{ axis: 1, width: 3 }]);
    expect(sum.shape).toEqual([2, 3]);
    expect(elementsOf(sum)).toEqual([11, 22, 33, 55, 66, 77]);
    expect(() => combineStates(reduce, [state], [{ axis: 1, width: 4 }])).toThrow(/stretches of 4/);
  });
});
