import { allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, positionAt, positions, selectionLength, slice } from "@hyperslab/core/box";
import type { Dtype } from "@hyperslab/core/dtype";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { copyStrided, gatherAxes } from "@hyperslab/kernels/move";
import { operandOf } from "@hyperslab/kernels/operand";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockOf, elementsOf } from "./numpy-values.js";

const DTYPES: readonly Dtype[] = ["uint8", "int16", "float32", "float64", "int64", "string", "datetime64[s]"];

function valuesOf(dtype: Dtype, n: number): (number | bigint | string)[] {
  const big = dtype === "int64" || dtype.startsWith("datetime");
  return Array.from({ length: n }, (_, i) => (dtype === "string" ? `s${i}` : big ? -BigInt(i) : i % 251));
}

describe("copyStrided", () => {
  it("transposes any axes of any dtype", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DTYPES),
        fc.tuple(
          fc.integer({ min: 1, max: 50 }),
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 50 }),
        ),
        fc.constantFrom([0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]),
        (dtype, shape, order) => {
          const block = blockOf(dtype, valuesOf(dtype, sizeOf(shape)), [...shape]);
          const strides = stridesOf(shape);
          const turned = order.map((axis) => shape[axis]);
          const out = allocateBlock(dtype, turned);
          copyStrided(
            { dtype, data: block.data, offset: 0, strides: order.map((axis) => strides[axis]) },
            turned,
            operandOf(out, turned),
          );
          const to = stridesOf(turned);
          const want = block.data as unknown[];
          const got = out.data as unknown[];
          for (let i = 0; i < turned[0]; i++)
            for (let j = 0; j < turned[1]; j++)
              for (let k = 0; k < turned[2]; k++)
                if (
                  got[i * to[0] + j * to[1] + k] !==
                  want[[i, j, k].reduce((sum, p, n) => sum + p * strides[order[n]], 0)]
                )
                  expect.fail(`element ${i}, ${j}, ${k}`);
        },
      ),
      { numRuns: 60 },
    );
  });
  it("transposes large planes of elements of every size, ragged ones too", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...DTYPES),
        fc.constantFrom([2, 520, 51], [1, 49, 700], [3, 97, 64], [1, 257, 263], [1, 2070, 50], [1, 53, 2100]),
        fc.constantFrom([0, 2, 1], [2, 1, 0], [2, 0, 1]),
        fc.nat(3),
        (dtype, shape, order, margin) => {
          // a part of a wider block, so that rows don't follow one another
          const wide = [shape[0], shape[1], shape[2] + margin];
          const block = blockOf(dtype, valuesOf(dtype, sizeOf(wide)), wide);
          const strides = stridesOf(wide);
          const turned = order.map((axis) => shape[axis]);
          const out = allocateBlock(dtype, turned);
          const operand = {
            dtype,
            data: block.data,
            offset: margin,
            strides: order.map((axis) => strides[axis]),
          };
          copyStrided(operand, turned, operandOf(out, turned));
          const from = operand.strides;
          let at = 0;
          for (let i = 0; i < turned[0]; i++)
            for (let j = 0; j < turned[1]; j++)
              for (let k = 0; k < turned[2]; k++)
                if (out.data[at++] !== block.data[margin + i * from[0] + j * from[1] + k * from[2]])
                  expect.fail(`${dtype} ${shape.join("x")}: element ${i}, ${j}, ${k}`);
        },
      ),
      { numRuns: 60 },
    );
  });
  it("keeps every bit of a NaN", () => {
    const bits = BigUint64Array.of(0x7ff0000000000001n, 0xffffffffffffffffn);
    const block = { dtype: "float64" as const, shape: [2], data: new Float64Array(bits.buffer) };
    const out = allocateBlock("float64", [2]);
    copyStrided({ dtype: "float64", data: block.data, offset: 1, strides: [-1] }, [2], operandOf(out, [2]));
    expect([...new BigUint64Array((out.data as Float64Array).buffer)]).toEqual([...bits].reverse());
  });
  it("refuses another dtype", () => {
    const a = allocateBlock("int8", [1]);
    const b = allocateBlock("uint8", [1]);
    expect(() => copyStrided(operandOf(a, [1]), [1], operandOf(b, [1]))).toThrow(/cast/);
  });
});

describe("gatherAxes", () => {
  const axis = (length: number): fc.Arbitrary<AxisSelection> =>
    fc.oneof(
      fc
        .array(fc.integer({ min: 0, max: length - 1 }), { maxLength: 2 * length })
        .map((list) => positions(list)),
      fc.constant(slice(0, length)),
      fc.constant(slice(length - 1, length, -1)),
      fc
        .tuple(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: 1, max: 3 }))
        .map(([start, step]) => slice(start, Math.floor((length - 1 - start) / step) + 1, step)),
    );
  it("takes any positions of any axis", () => {
    const shapes = fc.tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 90 }),
    );
    const cases = shapes.chain((shape) =>
      fc.tuple(fc.constant(shape), axis(shape[0]), axis(shape[1]), axis(shape[2])),
    );
    fc.assert(
      fc.property(fc.constantFrom(...DTYPES), cases, (dtype, [shape, ...selection]) => {
        const block = blockOf(dtype, valuesOf(dtype, sizeOf(shape)), [...shape]);
        const out = allocateBlock(dtype, selection.map(selectionLength));
        gatherAxes(block, selection, out);
        const got = elementsOf(out);
        const from = elementsOf(block);
        const to = stridesOf(out.shape);
        for (let i = 0; i < out.shape[0]; i++)
          for (let j = 0; j < out.shape[1]; j++)
            for (let k = 0; k < out.shape[2]; k++) {
              const [p, q, r] = [i, j, k].map((n, a) => positionAt(selection[a], n));
              if (got[i * to[0] + j * to[1] + k] !== from[(p * shape[1] + q) * shape[2] + r])
                expect.fail(`element ${i}, ${j}, ${k}`);
            }
      }),
      { numRuns: 200 },
    );
  });
  it("takes the one element of no axes", () => {
    const out = allocateBlock("float32", []);
    gatherAxes(blockOf("float32", [7], []), [], out);
    expect(elementsOf(out)).toEqual([7]);
  });
  it("refuses positions outside", () => {
    const block = blockOf("int8", [1, 2], [2]);
    expect(() => gatherAxes(block, [positions([2])], allocateBlock("int8", [1]))).toThrow(/position 2/);
    expect(() => gatherAxes(block, [slice(0, 2)], allocateBlock("int8", [1]))).toThrow(/block of/);
  });
});
