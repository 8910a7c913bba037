import { NAT } from "@hyperslab/core/dtype";
import { isHyperslabError } from "@hyperslab/core/errors";
import { decodeRecipe } from "hyperslab/conventions/decode-recipe";
import { decodeTimes } from "hyperslab/conventions/decode-times";
import { describe, expect, test } from "vitest";
import { type DecodeCase, golden, storageOf } from "./golden.js";

function decode(one: DecodeCase): [string, string[]] | null {
  const attributes = one.calendar === null ? { units: one.units } : { units: one.units, calendar: one.calendar };
  try {
    const recipe = decodeRecipe("time", one.dtype, attributes);
    const { dtype, data } = decodeTimes(storageOf(one.dtype, one.values), recipe, { timeUnit: one.timeUnit });
    return [dtype, Array.from(data, String)];
  } catch (error) {
    if (isHyperslabError(error, "ConventionError")) return null;
    throw error;
  }
}

test("as xarray", () => {
  const wrong = golden.decode.map((one) => ({ one, ours: decode(one) })).filter(({ one, ours }) => JSON.stringify(ours) !== JSON.stringify(one.out));
  for (const w of wrong) console.log(JSON.stringify(w.one), "\n   ours", JSON.stringify(w.ours));
  expect(wrong.length).toBe(0);
});
