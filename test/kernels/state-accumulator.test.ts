/** States that grow: kernels in the arena, the plain loops and merged states agree. */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import type { Dtype } from "@hyperslab/core/dtype";
import { type ReductionName, reduction, stateOf } from "@hyperslab/core/reduction";
import { sizeOf } from "@hyperslab/core/shape";
import { mergeStates } from "@hyperslab/kernels/merge";
import { operandOf } from "@hyperslab/kernels/operand";
import { combineStates, reducePartial } from "@hyperslab/kernels/reduce";
import { currentArena, useArena } from "@hyperslab/kernels/simd/arena";
import { StateAccumulator } from "@hyperslab/kernels/state-accumulator";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { REDUCTIONS } from "./reductions.js";

const NAMES = REDUCTIONS.filter((name) => name !== "std");
const DTYPES: readonly Dtype[] = [
  "bool",
  "int8",
  "uint32",
  "int64",
  "float16",
  "float32",
  "float64",
  "datetime64[s]",
];

const own = currentArena();
const memory = new WebAssembly.Memory({ initial: 400 });
useArena({ ...own, memory });
afterAll(() => useArena(own));

/** The next stretch of the arena; they are used again after a while. */
let next = 0;
const inArena = (bytes: number): Uint8Array => {
  next = next + bytes > 60 * 65536 ? 0 : next;
  const place = new Uint8Array(memory.buffer, 300 * 65536 + next, bytes);
  next += Math.ceil(bytes / 128 + 1) * 128;
  return place;
};

function blockOf(dtype: Dtype, shape: readonly number[], seed: number): Block {
  const block = allocateBlock(dtype, shape);
  let state = seed + 1;
  for (let i = 0; i < block.data.length; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const value = (state >> 8) % 11;
    if (block.data instanceof BigInt64Array) block.data[i] = value === 5 ? -(2n ** 63n) : BigInt(value);
    else if (dtype === "float16") block.data[i] = value === 0 ? 0x7e00 : 0x3800 + value * 32;
    else if (dtype === "bool") block.data[i] = value & 1;
    else
      block.data[i] =
        dtype.startsWith("float") && value === 0 ? NaN : value / (dtype.startsWith("float") ? 3 : 1);
  }
  return block;
}

function workOf(
  block: Block,
  axis: number,
  origin: number,
  grouping?: { codes: Int32Array; groups: number },
) {
  const { dtype, shape } = block;
  return {
    program: { inputs: [dtype], ops: [{ op: "input", input: 0, dtype } as const] },
    operands: [operandOf(block, shape)],
    shape,
    axes: [axis],
    origin,
    grouping: grouping ? { axis, ...grouping } : null,
  };
}

const fieldsFor = (name: ReductionName, dtype: Dtype, shape: readonly number[], skipna: boolean): Block[] =>
  stateOf(reduction(name, dtype, { skipna })).map((field) => allocateBlock(field, shape));

/** Bytes to compare; all NaNs are one value, whichever sign the machine gave them. */
const bytes = (block: Block): string => {
  let data = block.data as Uint8Array;
  if (block.dtype === "float16") data = data.map((bits) => ((bits & 0x7fff) > 0x7c00 ? 0x7e00 : bits));
  else if (block.dtype.startsWith("float")) data = data.map((value) => (Number.isNaN(value) ? NaN : value));
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");
};

function canReduce(name: ReductionName, dtype: Dtype): boolean {
  try {
    reduction(name, dtype);
    return true;
  } catch {
    return false;
  }
}

describe("a growing state", () => {
  for (const name of NAMES)
    for (const dtype of DTYPES.filter((one) => canReduce(name, one)))
      it(`has the same bits in the arena and in plain planes: ${name} of ${dtype}`, () => {
        fc.assert(
          fc.property(
            fc.constantFrom(64, 71, 200),
            fc.integer({ min: 1, max: 3 }),
            fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }),
            fc.boolean(),
            fc.boolean(),
            (columns, outer, rows, skipna, grouped) => {
              const of = reduction(name, dtype, { skipna });
              const groups = grouped ? 3 : 1;
              const shape = [outer, groups, columns];
              const states = [inArena, () => null].map(
                (place) => new StateAccumulator(of, fieldsFor(name, dtype, shape, skipna), place),
              );
              let origin = 0;
              for (const [i, length] of rows.entries()) {
                const piece = blockOf(dtype, [outer, length, columns], i);
                const codes = Int32Array.from({ length }, (_, k) => ((k * 7 + i) % 4) - 1);
                const work = workOf(piece, 1, origin, grouped ? { codes, groups } : undefined);
                for (const state of states) state.reduce(work);
                origin += length;
              }
              const [a, b] = states.map((state) => state.seal().map(bytes));
              expect(a).toEqual(b);
            },
          ),
          { numRuns: 12 },
        );
      });

  for (const name of NAMES)
    it(`is what states of its pieces combine to: ${name}`, () => {
      for (const dtype of DTYPES.filter((one) => canReduce(name, one) && !one.startsWith("float")))
        for (const axis of [0, 2]) {
          const of = reduction(name, dtype);
          const block = blockOf(dtype, [6, 3, 8], 4);
          const shape = block.shape.map((length, i) => (i === axis ? 1 : length));
          const state = new StateAccumulator(of, fieldsFor(name, dtype, shape, true));
          state.reduce(workOf(block, axis, 0));
          const whole = reducePartial(of, operandOf(block, block.shape), block.shape, [axis], 0);
          const found = state.seal();
          if (name === "var") continue;
          expect(found.map(bytes), `${name} of ${dtype} along ${axis}`).toEqual(whole.map(bytes));
        }
    });

  it("refuses a piece of another shape", () => {
    const of = reduction("sum", "float64");
    const state = new StateAccumulator(of, fieldsFor("sum", "float64", [1, 4], true));
    expect(() => state.reduce(workOf(blockOf("float64", [3, 5], 1), 0, 0))).toThrow(/state is \(1, 5\)/);
  });
});

describe("a growing variance", () => {
  it("is exact to the last bits far from zero, with holes, in groups", () => {
    const of = reduction("var", "float64");
    const [rows, columns] = [40, 70];
    const codes = Int32Array.from({ length: rows }, (_, i) => (i % 5) - 1);
    const value = (i: number, j: number): number =>
      (i + j) % 7 === 0 || (j === 3 && i < 20) ? NaN : 1e6 * (j + 1) + ((i * 31 + j * 17) % 101) / 10;
    const state = new StateAccumulator(of, fieldsFor("var", "float64", [4, columns], true), inArena);
    for (let at = 0; at < rows; at += 8) {
      const piece = allocateBlock("float64", [8, columns]);
      for (let k = 0; k < piece.data.length; k++)
        piece.data[k] = value(at + Math.floor(k / columns), k % columns);
      state.reduce(workOf(piece, 0, at, { codes: codes.subarray(at, at + 8), groups: 4 }));
    }
    const [means, moments, counts] = state.seal();
    for (let g = 0; g < 4; g++)
      for (let j = 0; j < columns; j++) {
        const values = Array.from({ length: rows }, (_, i) => i)
          .filter((i) => codes[i] === g && !Number.isNaN(value(i, j)))
          .map((i) => value(i, j));
        const mean = values.reduce((a, b) => a + b, 0) / values.length;
        const moment = values.reduce((a, b) => a + (b - mean) ** 2, 0);
        const k = g * columns + j;
        expect(Number(counts.data[k])).toBe(values.length);
        expect(means.data[k]).toBeCloseTo(mean, 6);
        expect(Math.abs(Number(moments.data[k]) - moment)).toBeLessThan(1e-7 * moment);
      }
  });
});

describe("mergeStates", () => {
  it("is what combineStates makes of two neighbours", () => {
    for (const name of NAMES)
      for (const dtype of DTYPES.filter((one) => canReduce(name, one))) {
        const of = reduction(name, dtype);
        const [a, b] = [0, 1].map((i) => {
          const block = blockOf(dtype, [4, 5000], i);
          return reducePartial(of, operandOf(block, block.shape), block.shape, [0], 4 * i);
        });
        const both = a.map((field, k): Block => {
          const joined = allocateBlock(field.dtype, [2, 5000]);
          (joined.data as Float64Array).set(field.data as Float64Array);
          (joined.data as Float64Array).set(b[k].data as Float64Array, sizeOf(field.shape));
          return joined;
        });
        const expected = combineStates(of, both, [{ axis: 0, width: 1 }]);
        mergeStates(of, a, b);
        expect(a.map(bytes), `${name} of ${dtype}`).toEqual(expected.map(bytes));
      }
  });

  it("counts beyond 2^32 exactly", () => {
    const of = reduction("count", "float64");
    const count = (value: bigint): Block => ({ dtype: "int64", shape: [1], data: BigInt64Array.of(value) });
    const into = [count(2n ** 40n + 3n)];
    mergeStates(of, into, [count(2n ** 33n - 1n)]);
    expect(into[0].data[0]).toBe(2n ** 40n + 2n ** 33n + 2n);
  });
});
