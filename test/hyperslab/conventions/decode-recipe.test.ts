import type { TypedArray } from "@hyperslab/core/dtype";
import { isHyperslabError } from "@hyperslab/core/errors";
import { fromFloat16 } from "@hyperslab/core/float16";
import { type DecodeRecipe, decodeRecipe, isIdentity } from "hyperslab/conventions/decode-recipe";
import { decodeTimes } from "hyperslab/conventions/decode-times";
import { decodeValues } from "hyperslab/conventions/decode-values";
import { describe, expect, test } from "vitest";
import { type RecipeCase, attributesOf, golden, plainNumbers, storageOf } from "./golden.js";

function decoded(one: RecipeCase, recipe: DecodeRecipe): { dtype: string; values: unknown[] } {
  const stored = storageOf(one.dtype, one.values);
  if (recipe.time) {
    const { dtype, data } = decodeTimes(stored, recipe);
    return { dtype, values: Array.from(data, String) };
  }
  const data = decodeValues(stored, recipe) as TypedArray;
  if (recipe.bool) return { dtype: recipe.dtype, values: Array.from(data, Boolean) };
  const numbers = recipe.dtype === "float16" ? Float64Array.from(data as Uint16Array, fromFloat16) : data;
  return { dtype: recipe.dtype, values: plainNumbers(numbers) };
}

test("dtypes, values, attributes and encoding are those of xarray", () => {
  expect(golden.recipe.length).toBeGreaterThan(150);
  for (const one of golden.recipe) {
    const { dtype, values, attributes, options } = one;
    let ours: RecipeCase["out"] = null;
    try {
      const recipe = decodeRecipe("v", dtype, attributesOf(attributes), {
        ...options,
        attributeDtypes: one.dtypes,
      });
      ours = {
        ...(decoded(one, recipe) as { dtype: string; values: string[] }),
        attributes: { ...recipe.attributes },
        encoding: { ...recipe.encoding },
      };
    } catch (error) {
      if (!isHyperslabError(error, "ConventionError")) throw error;
    }
    const expected = one.out && { ...one.out, encoding: attributesOf(one.out.encoding) };
    expect({ dtype, values, attributes, options, out: ours }).toEqual({
      dtype,
      values,
      attributes,
      options,
      out: expected,
    });
  }
});

describe("a recipe", () => {
  test("is JSON-safe data, and says when there is nothing to do", () => {
    const plain = decodeRecipe("v", "float32", { units: "K" });
    expect(isIdentity(plain)).toBe(true);
    const data = Float32Array.of(1, 2);
    expect(decodeValues(data, plain)).toBe(data);
    const time = decodeRecipe("t", "int32", { units: "days since 2000-01-01", _FillValue: -1 });
    expect(JSON.parse(JSON.stringify(time))).toEqual(time);
    expect(isIdentity(time)).toBe(false);
  });

  test("counts JSON attributes as float64, as xarray does with Zarr", () => {
    expect(decodeRecipe("v", "int16", { scale_factor: 0.5 }).dtype).toBe("float64");
    expect(
      decodeRecipe("v", "int16", { scale_factor: 0.5 }, { attributeDtypes: { scale_factor: "float32" } })
        .dtype,
    ).toBe("float32");
  });

  test("keeps missing numbers missing where only a unit speaks of time", () => {
    const recipe = decodeRecipe("age", "int16", { units: "days", _FillValue: -999 });
    expect(recipe.dtype).toBe("float32");
    expect(decodeValues(Int16Array.of(-999, 2), recipe)).toEqual(Float32Array.of(NaN, 2));
  });

  test("warns of attributes that do not fit, and of several fill values", () => {
    const warnings = (
      dtype: "int16" | "float32" | "string" | "bool",
      attributes: Record<string, string | number>,
    ): number => decodeRecipe("v", dtype, attributes).warnings.length;
    expect(warnings("int16", { _FillValue: NaN })).toBe(1);
    expect(warnings("int16", { _FillValue: 1, missing_value: 2 })).toBe(1);
    expect(warnings("float32", { _Unsigned: "true" })).toBe(1);
    expect(warnings("string", { _FillValue: 0 })).toBe(1);
    expect(warnings("bool", { _FillValue: 0 })).toBe(1);
    expect(warnings("float32", { missing_value: "none" })).toBe(1);
    expect(warnings("float32", { _FillValue: 1 })).toBe(0);
  });

  test("is refused for a scale that is no number", () => {
    expect(() => decodeRecipe("v", "int16", { scale_factor: "0.1" })).toThrow(
      /attribute scale_factor: "0.1" is not one number/,
    );
    expect(decodeRecipe("v", "int16", { scale_factor: "0.1" }, { maskAndScale: false }).attributes).toEqual({
      scale_factor: "0.1",
    });
  });

  test("masks 64-bit integers exactly", () => {
    const big = 2n ** 60n + 1n;
    const recipe = decodeRecipe("v", "int64", { _FillValue: big });
    expect(decodeValues(BigInt64Array.of(big, big - 1n), recipe)).toEqual(Float64Array.of(NaN, 2 ** 60));
  });
});
