import { dataArray } from "hyperslab";
import { toVariable } from "hyperslab/ops/variable-like";
import { expect, it } from "vitest";

it.each([
  ["labels of a dimension", [1, 2], ["x"]],
  ["a scalar", 3, []],
  ["dimensions and data", ["y", [1, 2]], ["y"]],
  ["dimensions, data and attributes", [["y"], [1], { units: "m" }], ["y"]],
  ["parts by name", { dims: ["a", "b"], data: Float32Array.of(1, 2), shape: [1, 2] }, ["a", "b"]],
  ["an array", dataArray([1], { dims: "q" }), ["q"]],
  ["a list of two texts", ["a", "b"], ["x"]],
] as const)("%s", (_, value, dims) => {
  expect(toVariable("x", value as never, ["x"]).variable.dims).toEqual(dims);
});

it("keeps attributes", () => {
  expect(toVariable("x", ["y", [1], { units: "m" }], []).variable.attrs).toEqual({ units: "m" });
});

it("refuses ranks that don't fit", () => {
  expect(() =>
    toVariable(
      "x",
      [
        ["a", "b"],
        [1, 2],
      ],
      [],
    ),
  ).toThrow(/data of shape \(2\)/);
  expect(() => toVariable("x", [[1, 2]], ["x"])).toThrow(/say its dimensions/);
});
