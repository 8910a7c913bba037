import { dataArray, dataset } from "hyperslab";
import { expect, it } from "vitest";
import { listOf } from "../read.js";

const t = dataArray([-1.5, 0, 2.25], { dims: "x", attrs: { units: "K" } });

it.each([
  ["neg", [1.5, -0, -2.25]],
  ["abs", [1.5, 0, 2.25]],
  ["sign", [-1, 0, 1]],
  ["square", [2.25, 0, 5.0625]],
  ["floor", [-2, 0, 2]],
  ["ceil", [-1, 0, 3]],
  ["trunc", [-1, 0, 2]],
  ["sqrt", [NaN, 0, 1.5]],
  ["isnan", [0, 0, 0]],
  ["isfinite", [1, 1, 1]],
  ["isinf", [0, 0, 0]],
  ["not", [0, 1, 0]],
] as const)("%s", async (name, expected) => {
  expect((await listOf(t[name]())).map((value) => Number(value) + 0)).toEqual(
    expected.map((value) => value + 0),
  );
  expect(t[name]().attrs).toEqual({ units: "K" });
});

it.each([
  "exp",
  "expm1",
  "log1p",
  "log",
  "log2",
  "log10",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
] as const)("%s is Math's", async (name) => {
  const some = dataArray([0.5], { dims: "x" });
  expect(Number((await listOf(some[name]()))[0])).toBeCloseTo(Math[name](0.5), 12);
});

it("turns angles and bits", async () => {
  expect(await listOf(dataArray([180], { dims: "x" }).radians())).toEqual([Math.PI]);
  expect(await listOf(dataArray([Math.PI], { dims: "x" }).degrees())).toEqual([180]);
  expect(await listOf(dataArray(Int8Array.of(5), { dims: "x" }).bitwiseNot())).toEqual([-6]);
});

it("works on every variable of a dataset", async () => {
  const ds = dataset({ t, n: ["y", [4]] }).sqrt();
  expect(await listOf(ds.get("n"))).toEqual([2]);
});
