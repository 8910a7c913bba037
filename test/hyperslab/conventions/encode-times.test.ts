import { NAT, type TimeDtype } from "@hyperslab/core/dtype";
import { isHyperslabError } from "@hyperslab/core/errors";
import { decodeRecipe } from "hyperslab/conventions/decode-recipe";
import { decodeTimes } from "hyperslab/conventions/decode-times";
import { encodeTimes } from "hyperslab/conventions/encode-times";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type EncodeCase, golden, plainNumbers, storageOf } from "./golden.js";

function encode(one: EncodeCase): EncodeCase["out"] {
  try {
    const data = storageOf(one.dtype, one.values) as BigInt64Array;
    const { dtype, data: numbers, attributes } = encodeTimes(data, one.dtype as TimeDtype, one.options);
    const { units, calendar } = attributes;
    return { dtype, values: plainNumbers(numbers), units: units ?? "", calendar: calendar ?? null };
  } catch (error) {
    if (isHyperslabError(error, "ConventionError")) return null;
    throw error;
  }
}

test("numbers, units and calendars are those that xarray writes", () => {
  expect(golden.encode.length).toBeGreaterThan(30);
  for (const one of golden.encode) {
    const { dtype, values, options } = one;
    expect({ dtype, values, options, out: encode(one) }).toEqual({ dtype, values, options, out: one.out });
  }
});

test("whatever is written is read back the same", () => {
  const dtypes: TimeDtype[] = [
    "datetime64[ns]",
    "cftime64[noleap]",
    "cftime64[360_day]",
    "cftime64[julian]",
    "timedelta64[ns]",
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...dtypes),
      fc.constantFrom(1n, 1000n, 1_000_000n, 3_600_000_000n, 86_400_000_000n),
      fc.array(fc.option(fc.bigInt({ min: -1000n, max: 1000n })), { minLength: 1, maxLength: 8 }),
      fc.bigInt({ min: 0n, max: 100_000n }),
      (dtype, step, counts, first) => {
        const origin = dtype === "timedelta64[ns]" ? 0n : first * 86_400_000_000n;
        const data = BigInt64Array.from(counts, (count) => (count === null ? NAT : origin + count * step));
        const { data: numbers, dtype: stored, attributes } = encodeTimes(data, dtype);
        const kept = Object.fromEntries(
          Object.entries(attributes).filter(([, value]) => value !== undefined),
        );
        const back = decodeTimes(numbers, decodeRecipe("time", stored, kept as Record<string, string>));
        expect(stored).toBe("int64");
        expect([...back.data]).toEqual([...data]);
        expect(back.dtype).toBe(dtype);
      },
    ),
    { numRuns: 300, seed: 1 },
  );
});

test("loss and change of units give warnings", () => {
  const half = BigInt64Array.of(0n, 43_200n);
  const warnings = (options: Parameters<typeof encodeTimes>[2]): number =>
    encodeTimes(half, "datetime64[s]", options).warnings.length;
  expect(warnings({ units: "days since 1970-01-01" })).toBe(1);
  expect(warnings({ units: "days since 1970-01-01", dtype: "int64" })).toBe(1);
  expect(warnings({ units: "days since 1970-01-01", dtype: "float64" })).toBe(0);
  expect(warnings({})).toBe(0);
});
