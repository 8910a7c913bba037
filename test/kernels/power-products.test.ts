import { allocateBlock } from "@hyperslab/core/block";
import type { Dtype } from "@hyperslab/core/dtype";
import { toFloat16 } from "@hyperslab/core/float16";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import { runElementwise } from "@hyperslab/kernels/elementwise";
import { operandOf } from "@hyperslab/kernels/operand";
import { withProducts } from "@hyperslab/kernels/power-products";
import { isTranscendental } from "@hyperslab/kernels/simd/functions";
import { describe, expect, it } from "vitest";
import { blockOf, elementsOf } from "./numpy-values.js";

function powerOf(dtype: Dtype, exponent: number | bigint): ScalarProgram {
  return {
    inputs: [dtype],
    ops: [
      { op: "input", input: 0, dtype },
      { op: "constant", value: exponent, dtype },
      { op: "power", args: [0, 1], dtype },
    ],
  };
}

function run(dtype: Dtype, exponent: number | bigint, values: readonly (number | bigint)[]): unknown[] {
  const out = allocateBlock(dtype, [values.length]);
  const operand = operandOf(blockOf(dtype, [...values]), [values.length]);
  runElementwise(powerOf(dtype, exponent), [operand], [values.length], out);
  return elementsOf(out);
}

describe("powers by a constant", () => {
  it("become products, roots and quotients", () => {
    const names = (dtype: Dtype, exponent: number | bigint): string[] =>
      withProducts(powerOf(dtype, exponent)).ops.map(({ op }) => op);
    expect(names("float64", 2)).toEqual(["input", "constant", "square"]);
    expect(names("float64", 3)).toEqual(["input", "constant", "square", "multiply"]);
    expect(names("float32", 3)).toEqual(["input", "constant", "cast", "square", "multiply", "cast"]);
    expect(names("float64", 0.5)).toEqual(["input", "constant", "sqrt"]);
    expect(names("float32", -1)).toEqual(["input", "constant", "constant", "divide"]);
    expect(names("float32", 1)).toEqual(["input", "constant", "cast"]);
    expect(names("int32", 5)).toEqual(["input", "constant", "square", "square", "multiply"]);
    expect(names("int64", 65n)).toContain("power");
    expect(names("float64", 2.5)).toContain("power");
    expect(isTranscendental(withProducts(powerOf("float64", 3)))).toBe(false);
  });

  it("keep a program's other operations, and what they read", () => {
    const { ops } = withProducts({
      inputs: ["float64"],
      ops: [
        { op: "input", input: 0, dtype: "float64" },
        { op: "constant", value: 3, dtype: "float64" },
        { op: "power", args: [0, 1], dtype: "float64" },
        { op: "subtract", args: [2, 0], dtype: "float64" },
      ],
    });
    expect(ops.at(-1)).toEqual({ op: "subtract", args: [3, 0], dtype: "float64" });
  });

  it("have the values of powers", () => {
    expect(run("float64", 3, [2, -3, 0.5, NaN, -Infinity, -0])).toEqual([8, -27, 0.125, NaN, -Infinity, -0]);
    expect(run("float32", 3, [1.1])).toEqual([Math.fround(Math.fround(1.1) ** 3)]);
    expect(run("float64", -1, [4, -0, Infinity])).toEqual([0.25, -Infinity, 0]);
    expect(run("float64", 0.5, [4, 2, -1])).toEqual([2, Math.SQRT2, NaN]);
    expect(run("float16", 2, [3, 300].map(toFloat16))).toEqual([9, Infinity]);
    expect(run("int32", 7, [3, -2, 65536])).toEqual([2187, -128, 0]);
    expect(run("int64", 5n, [3n, -7n, 2n ** 20n])).toEqual([243n, -16807n, 0n]);
    expect(run("uint8", 3, [7, 10])).toEqual([87, 232]);
  });
});
