import { dataArray } from "hyperslab";
import { expect, it } from "vitest";
import { listOf } from "../read.js";

const a = dataArray(Int32Array.of(7, -7), { dims: "x" });

it.each([
  ["add", 2, [9, -5]],
  ["sub", 2, [5, -9]],
  ["subtract", 2, [5, -9]],
  ["mul", 2, [14, -14]],
  ["multiply", 2, [14, -14]],
  ["div", 2, [3.5, -3.5]],
  ["divide", 2, [3.5, -3.5]],
  ["floorDiv", 2, [3, -4]],
  ["mod", 4, [3, 1]],
  ["pow", 2, [49, 49]],
  ["minimum", 0, [0, -7]],
  ["maximum", 0, [7, 0]],
  ["fmin", 0, [0, -7]],
  ["fmax", 0, [7, 0]],
  ["eq", 7, [1, 0]],
  ["equal", 7, [1, 0]],
  ["ne", 7, [0, 1]],
  ["notEqual", 7, [0, 1]],
  ["lt", 7, [0, 1]],
  ["less", 7, [0, 1]],
  ["le", 7, [1, 1]],
  ["lessEqual", 7, [1, 1]],
  ["gt", 0, [1, 0]],
  ["greater", 0, [1, 0]],
  ["ge", 7, [1, 0]],
  ["greaterEqual", 7, [1, 0]],
  ["and", true, [1, 1]],
  ["or", false, [1, 1]],
  ["xor", true, [0, 0]],
  ["bitwiseAnd", 3, [3, 1]],
  ["bitwiseOr", 8, [15, -7]],
  ["bitwiseXor", 1, [6, -8]],
  ["leftShift", 1, [14, -14]],
  ["rightShift", 1, [3, -4]],
] as const)("%s %s", async (name, other, expected) => {
  expect(await listOf(a[name](other))).toEqual(expected);
});

it("knows right triangles", async () => {
  const three = dataArray([3], { dims: "x" });
  expect(await listOf(three.hypot(4))).toEqual([5]);
  expect(await listOf(three.atan2(3))).toEqual([Math.PI / 4]);
});
