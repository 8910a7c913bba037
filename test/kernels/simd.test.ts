import { allocateBlock, type Block } from "@hyperslab/core/block";
import type { Dtype } from "@hyperslab/core/dtype";
import { arityOf, OPERATOR_NAMES, signatureOf } from "@hyperslab/core/operator";
import { resultDtype, type ScalarOp, type ScalarProgram, signatureKey } from "@hyperslab/core/scalar-program";
import { runElementwise, runTwin } from "@hyperslab/kernels/elementwise";
import { type Operand, operandOf } from "@hyperslab/kernels/operand";
import { runKernel } from "@hyperslab/kernels/simd/elementwise";
import { isTranscendental } from "@hyperslab/kernels/simd/functions";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elementsOf } from "./numpy-values.js";
import { NUMERIC, randomBlock, randomOf, randomProgram, TIMES } from "./random-program.js";

/** Wants the same bits, but for NaNs' own. */
function expectSame(program: ScalarProgram, a: Block, b: Block): void {
  const x = elementsOf(a);
  const y = elementsOf(b);
  for (let i = 0; i < x.length; i++)
    if (!Object.is(x[i], y[i]))
      expect.fail(
        `${signatureKey(program)}: element ${i} is ${String(x[i])} in the kernel, ${String(y[i])} in the loop`,
      );
}

function compare(program: ScalarProgram, operands: readonly Operand[], shape: readonly number[]): boolean {
  const kernel = allocateBlock(resultDtype(program), [...shape]);
  const twin = allocateBlock(resultDtype(program), [...shape]);
  if (!runKernel(program, operands, shape, kernel)) return false;
  runTwin(program, operands, shape, twin);
  expectSame(program, kernel, twin);
  return true;
}

describe("kernels agree with the plain loops", () => {
  const exact = OPERATOR_NAMES.filter((op) => {
    const program: ScalarProgram = {
      inputs: ["float64"],
      ops: [{ op, args: [0], dtype: "float64" } as ScalarOp],
    };
    return !isTranscendental(program);
  });

  /** What has no kernel. */
  function leftToLoops(op: string, dtype: Dtype): boolean {
    return (op === "floorDivide" || op === "remainder" || op === "divide") && dtype.startsWith("timedelta");
  }

  it.each(exact)("%s of every dtype", (op) => {
    const random = randomOf(11);
    for (const dtype of [...NUMERIC, ...TIMES]) {
      let signature: { readonly compute: readonly Dtype[]; readonly result: Dtype };
      try {
        signature = signatureOf(
          op,
          Array.from({ length: arityOf(op) }, () => dtype),
        );
      } catch {
        continue;
      }
      const { compute, result } = signature;
      const program: ScalarProgram = {
        inputs: compute,
        ops: [
          ...compute.map((one, input): ScalarOp => ({ op: "input", input, dtype: one })),
          { op, args: compute.map((_, i) => i), dtype: result },
        ],
      };
      const shape = [1003];
      const blocks = compute.map((one) => randomBlock(random, one, shape));
      // powers of integers are refused for negative ones, whoever computes them
      if (op === "power" && !result.startsWith("float")) continue;
      const operands = blocks.map((block) => operandOf(block, shape));
      expect(compare(program, operands, shape), `${op} of ${dtype}`).toBe(!leftToLoops(op, dtype));
    }
  });

  it("casts between all dtypes", () => {
    const random = randomOf(5);
    for (const from of [...NUMERIC, ...TIMES])
      for (const to of [...NUMERIC, ...TIMES]) {
        if (from === to || (TIMES.includes(from) && TIMES.includes(to))) continue;
        const program: ScalarProgram = {
          inputs: [from],
          ops: [
            { op: "input", input: 0, dtype: from },
            { op: "cast", args: [0], dtype: to },
          ],
        };
        const block = randomBlock(random, from, [517]);
        compare(program, [operandOf(block, [517])], [517]);
      }
  });

  it("for random programs, shapes and strides", () => {
    let kernels = 0;
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 12 }),
        fc.tuple(
          fc.integer({ min: 1, max: 30 }),
          fc.integer({ min: 1, max: 40 }),
          fc.integer({ min: 1, max: 60 }),
        ),
        (seed, length, shape) => {
          const random = randomOf(seed);
          const program = randomProgram(random, length, [...NUMERIC, ...TIMES], exact);
          if (program.ops.some((op) => op.op === "power" && !op.dtype.startsWith("float"))) return;
          const operands = program.inputs.map((dtype) => {
            const own = shape.map((n) => (random() < 0.3 ? 1 : n));
            const turn = random() < 0.3;
            const block = randomBlock(random, dtype, turn ? [...own].reverse() : own);
            if (!turn) return operandOf(block, shape);
            const strides = [1, own[0], own[0] * own[1]].map((stride, axis) =>
              own[axis] === 1 ? 0 : stride,
            );
            return { dtype, data: block.data, offset: 0, strides };
          });
          if (compare(program, operands, shape)) kernels++;
        },
      ),
      { numRuns: 300 },
    );
    expect(kernels).toBeGreaterThan(100);
  });

  it("in tiles, and no element further", () => {
    const program: ScalarProgram = {
      inputs: ["float32"],
      ops: [
        { op: "input", input: 0, dtype: "float32" },
        { op: "constant", value: 1.5, dtype: "float32" },
        { op: "add", args: [0, 1], dtype: "float32" },
      ],
    };
    const n = 20_003;
    const wide = allocateBlock("float32", [n + 8]);
    const out: Block = { dtype: "float32", shape: [n], data: (wide.data as Float32Array).subarray(0, n) };
    const block = randomBlock(randomOf(3), "float32", [n]);
    runElementwise(program, [operandOf(block, [n])], [n], out);
    const got = wide.data as Float32Array;
    expect([...got.subarray(n)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    (block.data as Float32Array).forEach((value, i) => {
      if (!Object.is(got[i], Math.fround(value + 1.5))) expect.fail(`element ${i}`);
    });
  });
});
