import type { Block } from "@hyperslab/core/block";
import type { Dtype } from "@hyperslab/core/dtype";
import { type ReductionName, reduction } from "@hyperslab/core/reduction";
import { resultDtype, type ScalarProgram, signatureKey } from "@hyperslab/core/scalar-program";
import { OPERATOR_NAMES } from "@hyperslab/core/operator";
import { isTranscendental } from "@hyperslab/kernels/simd/functions";
import { operandOf } from "@hyperslab/kernels/operand";
import { reduceWork } from "@hyperslab/kernels/reduce";
import type { Reducing } from "@hyperslab/kernels/reduce-source";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementsOf } from "./numpy-values.js";
import { NUMERIC, randomBlock, randomOf, randomProgram } from "./random-program.js";
import { REDUCTIONS } from "./reductions.js";

function expectSame(a: readonly Block[], b: readonly Block[], what: string): void {
  a.forEach((field, f) => {
    const x = elementsOf(field);
    const y = elementsOf(b[f]);
    expect(x.length, what).toBe(y.length);
    for (let i = 0; i < x.length; i++)
      if (!Object.is(x[i], y[i]))
        expect.fail(
          `${what}: field ${f}, element ${i} is ${String(x[i])} by kernel, ${String(y[i])} by loop`,
        );
  });
}

function compare(work: Reducing, name: ReductionName, dtype: Dtype, skipna: boolean, minCount: number): void {
  const reduce = reduction(name, dtype, { skipna, minCount });
  const what = `${name} skipna=${skipna} of ${signatureKey(work.program)} over (${work.shape.join(", ")}) along ${work.axes.join(", ")}`;
  expectSame(reduceWork(work, reduce), reduceWork(work, reduce, "loops"), what);
}

describe("reduction kernels give the bits of the plain loops", () => {
  const dtypes: readonly Dtype[] = [...NUMERIC, "datetime64[s]", "timedelta64[ns]"];
  const axes = [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]];
  it.each(REDUCTIONS)("%s of every dtype, along every axis", (name) => {
    const random = randomOf(17);
    for (const dtype of dtypes)
      for (const along of axes) {
        if (along.length > 1 && ["argmin", "argmax", "first", "last"].includes(name)) continue;
        for (const skipna of [true, false])
          for (const shape of [
            [9, 13, 77],
            [70, 5, 41],
          ]) {
            try {
              reduction(name, dtype);
            } catch {
              continue;
            }
            const block = randomBlock(random, dtype, shape);
            const program: ScalarProgram = { inputs: [dtype], ops: [{ op: "input", input: 0, dtype }] };
            const operands = [operandOf(block, shape)];
            const work = { program, operands, shape, axes: along, origin: 5, grouping: null };
            compare(work, name, dtype, skipna, name === "sum" && random() < 0.5 ? 2 : 0);
          }
      }
  });

  it("of groups", () => {
    const random = randomOf(23);
    for (const name of REDUCTIONS)
      for (const dtype of ["float16", "float32", "float64", "int16"] as const)
        for (const axis of [0, 1, 2]) {
          const shape = [11, 9, 66];
          const block = randomBlock(random, dtype, shape);
          const codes = Int32Array.from({ length: shape[axis] }, () => Math.floor(random() * 5) - 1);
          const program: ScalarProgram = { inputs: [dtype], ops: [{ op: "input", input: 0, dtype }] };
          const operands = [operandOf(block, shape)];
          const grouping = { axis, codes, groups: 5 };
          compare({ program, operands, shape, axes: [axis], origin: 3, grouping }, name, dtype, true, 0);
        }
  });

  it("of groups of long rows, in any order", () => {
    const random = randomOf(31);
    for (const name of REDUCTIONS)
      for (const dtype of ["float32", "float64", "int32"] as const) {
        const shape = [23, 2, 5003];
        const block = randomBlock(random, dtype, shape);
        const codes = Int32Array.from({ length: shape[0] }, () => Math.floor(random() * 4) - 1);
        const program: ScalarProgram = { inputs: [dtype], ops: [{ op: "input", input: 0, dtype }] };
        const operands = [operandOf(block, shape)];
        // one group stays without elements
        const grouping = { axis: 0, codes, groups: 4 };
        for (const skipna of [true, false])
          compare({ program, operands, shape, axes: [0], origin: 3, grouping }, name, dtype, skipna, 0);
      }
  });

  it("of groups along the innermost axis", () => {
    const random = randomOf(37);
    for (const name of REDUCTIONS)
      for (const dtype of ["float32", "float64", "int16"] as const) {
        const shape = [3, 67, 301];
        const block = randomBlock(random, dtype, shape);
        const codes = Int32Array.from({ length: shape[2] }, () => Math.floor(random() * 3) - 1);
        const program: ScalarProgram = {
          inputs: [dtype, dtype],
          ops: [
            { op: "input", input: 0, dtype },
            { op: "input", input: 1, dtype },
            { op: "add", args: [0, 1], dtype },
          ],
        };
        // the second one is the same for all positions of an axis
        const other = randomBlock(random, dtype, [3, 1, 301]);
        const operands = [operandOf(block, shape), operandOf(other, shape)];
        const grouping = { axis: 2, codes, groups: 2 };
        compare({ program, operands, shape, axes: [2], origin: 3, grouping }, name, dtype, true, 0);
      }
  });

  it("fused with random programs over broadcast operands", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(...REDUCTIONS),
        fc.constantFrom(...axes),
        fc.boolean(),
        fc.tuple(
          fc.integer({ min: 1, max: 24 }),
          fc.integer({ min: 8, max: 40 }),
          fc.integer({ min: 20, max: 90 }),
        ),
        (seed, name, along, skipna, shape) => {
          if (along.length > 1 && ["argmin", "argmax", "first", "last"].includes(name)) return;
          const random = randomOf(seed);
          const program = randomProgram(random, 5, NUMERIC, OPERATOR_NAMES);
          // those differ in the last digits, and powers of integers are refused for negative ones
          if (isTranscendental(program)) return;
          if (program.ops.some((op) => op.op === "power" && !op.dtype.startsWith("float"))) return;
          const dtype = resultDtype(program);
          if (["argmin", "argmax", "min", "max"].includes(name) && dtype === "string") return;
          const operands = program.inputs.map((one) =>
            operandOf(
              randomBlock(
                random,
                one,
                shape.map((n) => (random() < 0.3 ? 1 : n)),
              ),
              shape,
            ),
          );
          compare(
            { program, operands, shape, axes: along, origin: 0, grouping: null },
            name,
            dtype,
            skipna,
            0,
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
