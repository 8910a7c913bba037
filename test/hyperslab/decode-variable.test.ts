import { literal } from "@hyperslab/array/build";
import type { Dtype } from "@hyperslab/core/dtype";
import type { Attributes } from "@hyperslab/storage/source";
import { decodeRecipe } from "hyperslab/conventions/decode-recipe";
import { decodeValues } from "hyperslab/conventions/decode-values";
import { decodedNode } from "hyperslab/decode-variable";
import { inMemoryBlock } from "hyperslab/evaluate";
import { type ArrayLike, toBlock } from "hyperslab/ndarray";
import { expect, it } from "vitest";

const CASES: readonly [string, ArrayLike, Dtype, Attributes][] = [
  ["packed", Int16Array.of(-1, 0, 7), "int16", { _FillValue: -1, scale_factor: 0.5, add_offset: 10 }],
  ["scaled only", Int16Array.of(-1, 0, 7), "int16", { scale_factor: 0.5 }],
  ["two missing values", Float32Array.of(1, 99, -9, NaN), "float32", { _FillValue: 99, missing_value: -9 }],
  ["missing NaN", Float32Array.of(1, NaN), "float32", { _FillValue: NaN }],
  ["unsigned", Int8Array.of(-1, -2, 3), "int8", { _Unsigned: "true", _FillValue: -1 }],
  ["integers with a fill value", Int32Array.of(5, -1), "int32", { _FillValue: -1 }],
  ["truth", Int8Array.of(0, 1, 2), "int8", { dtype: "bool" }],
];

it.each(CASES)("%s: the expression does what decoding in memory does", (_, data, dtype, attributes) => {
  const recipe = decodeRecipe("v", dtype, attributes);
  const block = toBlock(data, dtype);
  const node = decodedNode(literal(block), recipe);
  expect(node.dtype).toBe(recipe.dtype);
  expect(inMemoryBlock(node)?.data).toEqual(decodeValues(block.data, recipe));
});
