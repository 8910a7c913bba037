import { allocateBlock, type Block } from "@hyperslab/core/block";
import { positions } from "@hyperslab/core/box";
import { type Reduction, type ReductionName, reduction } from "@hyperslab/core/reduction";
import { sizeOf } from "@hyperslab/core/shape";
import { finishReduction } from "@hyperslab/kernels/finish";
import { groupReducePartial } from "@hyperslab/kernels/group-reduce";
import { gatherAxes } from "@hyperslab/kernels/move";
import { operandOf } from "@hyperslab/kernels/operand";
import { combineStates, reducePartial } from "@hyperslab/kernels/reduce";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockOf, elementsOf } from "./numpy-values.js";

function grouped(reduce: Reduction, block: Block, axis: number, codes: number[], groups: number): Block {
  const operand = operandOf(block, block.shape);
  return finishReduction(
    reduce,
    groupReducePartial(reduce, operand, block.shape, axis, Int32Array.from(codes), groups, 0),
  );
}

describe("group reductions", () => {
  it("send elements where their codes say, negative ones nowhere", () => {
    const block = blockOf("float32", [1, 2, 3, NaN, 5, 6], [6]);
    const codes = [0, 2, 0, 2, -1, 0];
    expect(elementsOf(grouped(reduction("sum", "float32"), block, 0, codes, 4))).toEqual([10, 0, 2, 0]);
    expect(elementsOf(grouped(reduction("mean", "float32"), block, 0, codes, 4))).toEqual([
      Math.fround(10 / 3),
      NaN,
      2,
      NaN,
    ]);
    expect(elementsOf(grouped(reduction("count", "float32"), block, 0, codes, 4))).toEqual([3n, 0n, 1n, 0n]);
    expect(elementsOf(grouped(reduction("last", "float32"), block, 0, codes, 4))).toEqual([6, NaN, 2, NaN]);
    expect(elementsOf(grouped(reduction("argmax", "float32"), block, 0, codes, 4))).toEqual([
      5n,
      -1n,
      1n,
      -1n,
    ]);
  });
  it("refuse codes that fit neither axis nor groups", () => {
    const block = blockOf("float32", [1, 2], [2]);
    expect(() => grouped(reduction("sum", "float32"), block, 0, [0], 1)).toThrow(/codes/);
    expect(() => grouped(reduction("sum", "float32"), block, 0, [0, 1], 1)).toThrow(/code 1/);
  });

  const names: readonly ReductionName[] = [
    "sum",
    "mean",
    "var",
    "min",
    "max",
    "count",
    "any",
    "all",
    "first",
    "last",
    "argmin",
  ];
  it("equal a reduction of the selected elements, in one block or two", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom("float32" as const, "float64" as const, "int32" as const),
        fc.boolean(),
        fc.tuple(
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 1, max: 9 }),
          fc.integer({ min: 1, max: 3 }),
        ),
        fc.integer({ min: 0, max: 2 }),
        fc.infiniteStream(fc.integer({ min: -3, max: 3 })),
        (name, dtype, skipna, shape, axis, stream) => {
          const next = (): number => stream.next().value;
          const values = Array.from({ length: sizeOf(shape) }, () => {
            const value = next();
            return value === -3 && dtype !== "int32" ? NaN : value;
          });
          const block = blockOf(dtype, values, [...shape]);
          const codes = Array.from({ length: shape[axis] }, () => Math.max(-1, next()));
          const reduce = reduction(name, dtype, { skipna });
          const whole = grouped(reduce, block, axis, codes, 4);
          for (let group = 0; group < 4; group++) {
            const members = codes.flatMap((code, i) => (code === group ? [i] : []));
            if (members.length === 0) continue;
            const take = (list: number[], from: Block): Block => {
              const selection = from.shape.map((length, k) =>
                positions(k === axis ? list : Array.from({ length }, (_, i) => i)),
              );
              const out = allocateBlock(
                from.dtype,
                selection.map((one) => one.positions.length),
              );
              gatherAxes(from, selection, out);
              return out;
            };
            const picked = take(members, block);
            const alone = finishReduction(
              reduce,
              reducePartial(reduce, operandOf(picked, picked.shape), picked.shape, [axis], 0),
            );
            const a = elementsOf(take([group], whole));
            const b = elementsOf(alone).map((value) =>
              name === "argmin" && value !== -1n ? BigInt(members[Number(value)]) : value,
            );
            a.forEach((value, i) => {
              if (value === b[i] || (value !== value && b[i] !== b[i])) return;
              expect(Number(value), name).toBeCloseTo(Number(b[i]), 5);
            });
          }
          // two blocks of the axis, combined
          const half = Math.floor(shape[axis] / 2);
          if (half === 0) return;
          const parts = [
            [0, half],
            [half, shape[axis]],
          ].map(([lo, hi]) => {
            const selection = shape.map((length, k) => ({
              kind: "slice" as const,
              start: k === axis ? lo : 0,
              step: 1,
              length: k === axis ? hi - lo : length,
            }));
            const piece = allocateBlock(
              dtype,
              selection.map((one) => one.length),
            );
            gatherAxes(block, selection, piece);
            const stretch = Int32Array.from(codes.slice(lo, hi));
            return groupReducePartial(
              reduce,
              operandOf(piece, piece.shape),
              piece.shape,
              axis,
              stretch,
              4,
              lo,
            );
          });
          const joined = parts[0].map((field, f) => {
            const both = allocateBlock(
              field.dtype,
              field.shape.map((length, k) => (k === axis ? 8 : length)),
            );
            const inner = sizeOf(field.shape.slice(axis));
            const from = [field, parts[1][f]];
            const outer = sizeOf(field.shape.slice(0, axis));
            for (let o = 0; o < outer; o++)
              for (let h = 0; h < 2; h++)
                for (let i = 0; i < inner; i++)
                  (both.data as unknown[])[(o * 2 + h) * inner + i] = from[h].data[o * inner + i];
            return both;
          });
          const combined = elementsOf(
            finishReduction(reduce, combineStates(reduce, joined, [{ axis, width: 4 }])),
          );
          elementsOf(whole).forEach((value, i) => {
            if (value === combined[i] || (value !== value && combined[i] !== combined[i])) return;
            expect(Number(value), name).toBeCloseTo(Number(combined[i]), 5);
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});
