import { NAT } from "@hyperslab/core/dtype";
import { isHyperslabError } from "@hyperslab/core/errors";
import { decodeRecipe } from "hyperslab/conventions/decode-recipe";
import { type TimeOptions, decodeTimes } from "hyperslab/conventions/decode-times";
import { describe, expect, test } from "vitest";
import { type DecodeCase, golden, storageOf } from "./golden.js";

function decode(one: DecodeCase): [string, string[]] | null {
  const { units, calendar } = one;
  try {
    const recipe = decodeRecipe("time", one.dtype, calendar === null ? { units } : { units, calendar });
    const { dtype, data } = decodeTimes(storageOf(one.dtype, one.values), recipe, { timeUnit: one.timeUnit });
    return [dtype, Array.from(data, String)];
  } catch (error) {
    if (isHyperslabError(error, "ConventionError")) return null;
    throw error;
  }
}

test("every unit, calendar, reference date and range comes out as in xarray, and what xarray refuses is refused", () => {
  expect(golden.decode.length).toBeGreaterThan(300);
  for (const one of golden.decode) {
    const { dtype, values, units, calendar } = one;
    expect({ dtype, values, units, calendar, out: decode(one) }).toEqual({
      dtype,
      values,
      units,
      calendar,
      out: one.out,
    });
  }
});

describe("decodeTimes", () => {
  const times = (
    values: number[],
    units: string,
    calendar: string,
    options?: TimeOptions,
  ): [string, bigint[], number] => {
    const recipe = decodeRecipe("time", "float64", { units, calendar, _FillValue: -1 });
    const { dtype, data, warnings } = decodeTimes(Float64Array.from(values), recipe, options);
    return [dtype, [...data], warnings.length];
  };
  const day = 86_400_000_000n;

  test("makes missing values NaT in every calendar", () => {
    expect(times([1, -1, NaN], "days since 1970-01-01", "noleap")).toEqual([
      "cftime64[noleap]",
      [day, NAT, NAT],
      0,
    ]);
    expect(times([-1], "days since 1970-01-01", "360_day")).toEqual(["cftime64[360_day]", [NAT], 0]);
    expect(times([1, -1], "d since 1970-01-01", "standard")).toEqual([
      "datetime64[ns]",
      [day * 1000n, NAT],
      0,
    ]);
    expect(times([], "days since 0001-01-01", "julian")).toEqual(["cftime64[julian]", [], 0]);
  });

  test("warns where a standard calendar needs cftime64", () => {
    const [dtype, , warnings] = times([0, 1], "days since 0001-01-01", "standard");
    expect([dtype, warnings]).toEqual(["cftime64[standard]", 1]);
    expect(times([0], "days since 2300-01-01", "standard").slice(0, 3)).toMatchObject([
      "cftime64[standard]",
      {},
      1,
    ]);
  });

  test("takes cftime64 always or never, where that is asked for", () => {
    expect(times([1], "days since 1970-01-01", "standard", { useCftime: true })).toEqual([
      "cftime64[standard]",
      [day],
      0,
    ]);
    expect(() => times([1], "days since 1970-01-01", "noleap", { useCftime: false })).toThrow(
      /not all times/,
    );
    expect(times([1], "days since 1970-01-01", "standard", { useCftime: false })[0]).toBe("datetime64[ns]");
  });

  test("refuses values that are no times", () => {
    expect(() => times([Infinity], "days since 1970-01-01", "noleap")).toThrow(/Infinity is no time/);
    expect(() => times([1e300], "days since 1970-01-01", "noleap")).toThrow(/beyond the range/);
    expect(() => times([1e19], "nanoseconds since 1970-01-01", "standard")).toThrow(/nanoseconds/);
    const recipe = decodeRecipe("v", "float64", { units: "m" });
    expect(() => decodeTimes(Float64Array.of(1), recipe)).toThrow(/is no time/);
  });
});

describe("units", () => {
  const open = (units: string, calendar?: string): unknown =>
    decodeRecipe("TIME", "float64", calendar === undefined ? { units } : { units, calendar });

  test("that are ambiguous are refused, not guessed", () => {
    expect(() => open("days since 01/02/1980")).toThrow(/01 and 02 could each be the month/);
    expect(() => open("days since 01-02-1980")).toThrow(/could each be the month/);
    expect(() => open("days since 1990-1-1 00:00:00 extra")).toThrow(/is no time of day/);
    expect(() => open("days since 2000-01-01 00:00:00 EST")).toThrow(/is no time of day/);
  });

  test("say what is wrong with them, and what to do", () => {
    expect(() => open("hour since 0000-01-01 00:00:00")).toThrow(
      /variable "TIME", attribute units: .*there is no year 0 in the calendar standard; open with decodeTimes: false/,
    );
    expect(() => open("days since 2000-01-01", "martian")).toThrow(
      /attribute calendar: "martian" is no calendar/,
    );
    expect(() => open("months since 2000-01-01")).toThrow(
      /"months" .* is no unit of time of the calendar standard/,
    );
    expect(() => open("days since 2001-02-29", "noleap")).toThrow(
      /there is no such time in the calendar noleap/,
    );
  });

  test("whose year comes first by convention alone give a warning", () => {
    const { warnings } = decodeRecipe("time", "int32", { units: "days since 1-1-1 00:00:0.0" });
    expect(warnings).toEqual([expect.stringMatching(/"1-1-1 00:00:0.0" is ambiguous/)]);
  });
});
