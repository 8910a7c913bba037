import { isCharacters, joinCharacters } from "hyperslab/decode-text";
import { toBlock } from "hyperslab/ndarray";
import { expect, it } from "vitest";

it("joins rows of characters, without the zeros at their ends", () => {
  const block = toBlock([
    ["a", "b", ""],
    ["c", "", "d"],
  ]);
  expect(joinCharacters(block, null)).toEqual({ dtype: "string", shape: [2], data: ["ab", "c\0d"] });
  expect(joinCharacters(toBlock([["Ã", "©"]]), "utf-8").data).toEqual(["é"]);
});

it("knows single bytes in both versions of Zarr", () => {
  const info = { dtype: "string", shape: [2, 3], grid: [], dims: ["a", "b"], attributes: {} } as const;
  expect(isCharacters({ ...info, encoding: { dtype: "|S1" } })).toBe(true);
  expect(isCharacters({ ...info, encoding: { dtype: "|S5" } })).toBe(false);
  const v3 = { name: "null_terminated_bytes", configuration: { length_bytes: 1 } };
  expect(isCharacters({ ...info, encoding: { dtype: v3 } })).toBe(true);
  expect(isCharacters({ ...info, shape: [], encoding: { dtype: v3 } })).toBe(false);
});
