import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { allocateBlock } from "@hyperslab/core/block";
import type { OperatorName } from "@hyperslab/core/operator";
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";
import { operandOf } from "@hyperslab/kernels/operand";
import * as plain from "@hyperslab/kernels/functions";
import { runKernel } from "@hyperslab/kernels/simd/elementwise";
import { describe, expect, it } from "vitest";
import { blockOf, elementsOf } from "./numpy-values.js";
import { randomOf } from "./random-program.js";

type Entry = readonly [args: readonly string[], near: string, rest: string];
const path = new URL("fixtures/functions.json.gz", import.meta.url);
const functions = JSON.parse(gunzipSync(readFileSync(path)).toString()) as Record<string, Entry[]>;

/** A float in Python's hexadecimal notation. */
function fromHex(text: string): number {
  if (!text.includes("0x")) return Number(text);
  const [, sign, whole, fraction, exponent] = /^(-?)0x([0-9a-f]+)\.?([0-9a-f]*)p([+-]\d+)$/.exec(text) ?? [];
  const digits = BigInt(`0x${whole}${fraction}`);
  // in two steps: the power alone may be out of range
  const power = Number(exponent) - 4 * fraction.length;
  const half = Math.trunc(power / 2);
  const value = Number(digits) * 2 ** half * 2 ** (power - half);
  return sign ? -value : value;
}

function run(op: OperatorName, dtype: "float32" | "float64", args: readonly number[][]): number[] {
  const program: ScalarProgram = {
    inputs: args.map(() => dtype),
    ops: [
      ...args.map((_, input): ScalarOp => ({ op: "input", input, dtype })),
      { op, args: args.map((_, i) => i), dtype },
    ],
  };
  const shape = [args[0].length];
  const out = allocateBlock(dtype, shape);
  expect(
    runKernel(
      program,
      args.map((list) => operandOf(blockOf(dtype, list), shape)),
      shape,
      out,
    ),
  ).toBe(true);
  return elementsOf(out) as number[];
}

/** The unit in the last place of a number. */
function ulp(x: number, digits: number, least: number): number {
  return 2 ** Math.max(least, Math.floor(Math.log2(Math.abs(x))) - digits);
}

describe("exp, log and pow in plain JavaScript", () => {
  const awkward = [
    0,
    -0,
    1,
    -1,
    2,
    -2,
    0.5,
    3,
    -3,
    Infinity,
    -Infinity,
    NaN,
    5e-324,
    1e-310,
    2 ** -1022,
    1e-40,
  ];
  const limits = [
    2 ** 1021,
    1.7e308,
    -1e300,
    707,
    708,
    -708,
    709.78,
    709.79,
    -745,
    -746,
    86.9,
    87,
    -87,
    88.8,
    -103,
  ];
  const random = randomOf(29);
  const scaled = (bits: number): number => 2 ** ((random() * 2 - 1) * bits) * (random() < 0.3 ? -1 : 1);
  const makers = [
    () => random() * 20,
    () => (random() * 2 - 1) * 720,
    () => 1 + (random() - 0.5) * 2 ** (-20 * random()),
    () => scaled(1070),
    () => scaled(120),
  ];
  const numbers = [
    ...awkward,
    ...limits,
    ...Array.from({ length: 20_000 }, (_, i) => makers[i % makers.length]()),
  ];
  const same = (
    op: OperatorName,
    dtype: "float32" | "float64",
    twin: (...x: number[]) => number,
    pairs: number[][],
  ): void => {
    const rounded = dtype === "float32" ? pairs.map((list) => list.map(Math.fround)) : pairs;
    run(op, dtype, rounded).forEach((value, i) => {
      const args = rounded.map((list) => list[i]);
      const want = twin(...args);
      if (!Object.is(value, want))
        expect.fail(`${op}(${args.join(", ")}) is ${value}, and ${want} in plain JavaScript`);
    });
  };
  const each = (twins: Record<"exp" | "log", (x: number) => number>, dtype: "float32" | "float64"): void => {
    same("exp", dtype, twins.exp, [numbers]);
    same("log", dtype, twins.log, [numbers]);
  };
  const pairs = (): number[][] => {
    const first = [...awkward, ...limits];
    const bases = first.flatMap((x) => first.map(() => x));
    const exponents = first.flatMap(() => first);
    for (let i = 0; i < 20_000; i++) {
      const x = Math.abs(makers[i % makers.length]()) || 1;
      bases.push(random() < 0.1 ? -x : x);
      const largest = 745 / Math.abs(Math.log(x));
      exponents.push(
        [() => random() * 6 - 3, () => Math.round(random() * 9 - 4), () => (random() * 2 - 1) * largest][
          i % 3
        ](),
      );
    }
    return [bases, exponents];
  };

  it("give the kernels' bits in float64", () => {
    each({ exp: plain.exp, log: plain.log }, "float64");
    same("power", "float64", plain.power, pairs());
  });

  it("give the kernels' bits in float32", () => {
    each({ exp: plain.singleExp, log: plain.singleLog }, "float32");
    same("power", "float32", plain.singlePower, pairs());
  });
});

describe("transcendental kernels", () => {
  it.each(Object.keys(functions))("%s is within 2 units in the last place", (name) => {
    const entries = functions[name];
    const args = entries[0][0].map((_, k) => entries.map((entry) => fromHex(entry[0][k])));
    const got = run(name as OperatorName, "float64", args);
    entries.forEach(([, near, rest], i) => {
      const want = fromHex(near);
      if (!Number.isFinite(want)) return;
      const error =
        Math.abs(got[i] - want - fromHex(rest)) / (want === 0 ? 2 ** -1074 : ulp(want, 52, -1074));
      if (!(error <= 2))
        expect.fail(`${name}(${args.map((list) => list[i]).join(", ")}) is off by ${error} ulp`);
    });
  });

  it.each(Object.keys(functions))("%s is within 1 unit in float32", (name) => {
    const entries = functions[name];
    const args = entries[0][0].map((_, k) =>
      entries.map((entry) => Math.fround(fromHex(entry[0][k]))).map((x) => (Number.isFinite(x) ? x : 1)),
    );
    const got = run(name as OperatorName, "float32", args);
    // good to 2 units of float64 is as good as true here
    const want = run(name as OperatorName, "float64", args);
    got.forEach((value, i) => {
      if (value === Math.fround(want[i]) || (value !== value && want[i] !== want[i])) return;
      const error = Math.abs(value - want[i]) / ulp(want[i], 23, -149);
      if (!(error <= 1))
        expect.fail(`${name}(${args.map((list) => list[i]).join(", ")}) is off by ${error} ulp`);
    });
  });

  it("keep C's special cases", () => {
    const inf = Infinity;
    const one = (name: OperatorName, ...x: number[]): number[] => run(name, "float64", [x]);
    expect(one("exp", inf, -inf, NaN, 0, 1000, -1000)).toEqual([inf, 0, NaN, 1, inf, 0]);
    expect(one("expm1", inf, -inf, NaN, -0, 1000)).toEqual([inf, -1, NaN, -0, inf]);
    expect(one("log", inf, -1, NaN, 0, -0, 1)).toEqual([inf, NaN, NaN, -inf, -inf, 0]);
    expect(one("log1p", inf, -1, NaN, -0, -2)).toEqual([inf, -inf, NaN, -0, NaN]);
    expect(one("log2", 8, 0.125, 2 ** 1023, 2 ** -1074)).toEqual([3, -3, 1023, -1074]);
    expect(one("log10", 1000, 1e15, 1e22)).toEqual([3, 15, 22]);
    expect(one("sin", inf, NaN, -0, 0)).toEqual([NaN, NaN, -0, 0]);
    expect(one("cos", inf, -0)).toEqual([NaN, 1]);
    expect(one("tan", -inf, -0)).toEqual([NaN, -0]);
    expect(one("asin", 1, -1, 1.5, -0)).toEqual([Math.PI / 2, -Math.PI / 2, NaN, -0]);
    expect(one("acos", 1, -1, 1.5)).toEqual([0, Math.PI, NaN]);
    expect(one("atan", inf, -inf, NaN, -0)).toEqual([Math.PI / 2, -Math.PI / 2, NaN, -0]);
    expect(one("sinh", inf, -inf, NaN, -0)).toEqual([inf, -inf, NaN, -0]);
    expect(one("cosh", inf, -inf, NaN, 0)).toEqual([inf, inf, NaN, 1]);
    expect(one("tanh", inf, -inf, NaN, -0)).toEqual([1, -1, NaN, -0]);
    const y = [0, -0, 0, -0, inf, inf, -inf, 1, NaN];
    const x = [0, 0, -0, -0, inf, -inf, -inf, NaN, 1];
    const pi = Math.PI;
    expect(run("atan2", "float64", [y, x])).toEqual([
      0,
      -0,
      pi,
      -pi,
      pi / 4,
      (3 * pi) / 4,
      (-3 * pi) / 4,
      NaN,
      NaN,
    ]);
    const base = [0, -0, 0, -0, -2, -2, -8, -1, 1, NaN, 0.5, 2, -inf, inf, NaN, 2];
    const power = [3, 3, -3, -3, 3, 2, 1 / 3, -inf, NaN, 0, inf, -inf, 3, -1, 1, NaN];
    expect(run("power", "float64", [base, power])).toEqual([
      0,
      -0,
      inf,
      -inf,
      -8,
      4,
      NaN,
      1,
      1,
      1,
      0,
      0,
      -inf,
      0,
      NaN,
      NaN,
    ]);
    expect(run("power", "float32", [base, power])).toEqual([
      0,
      -0,
      inf,
      -inf,
      -8,
      4,
      NaN,
      1,
      1,
      1,
      0,
      0,
      -inf,
      0,
      NaN,
      NaN,
    ]);
    const [large, small] = [2 ** 700, 2 ** -700];
    const sides = [
      [inf, NaN, 3 * large, 3 * small],
      [NaN, -inf, 4 * large, 4 * small],
    ];
    expect(run("hypot", "float64", sides)).toEqual([inf, inf, 5 * large, 5 * small]);
  });
});
