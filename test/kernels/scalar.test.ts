import { evaluateScalar } from "@hyperslab/kernels/scalar";
import { describe, expect, it } from "vitest";

describe("evaluateScalar", () => {
  it("follows the dtype", () => {
    const int8 = (value: number) => ({ value, dtype: "int8" }) as const;
    expect(evaluateScalar("add", [int8(100), int8(100)], "int8")).toBe(-56);
    expect(evaluateScalar("floorDivide", [int8(-7), int8(2)], "int8")).toBe(-4);
    expect(evaluateScalar("less", [int8(1), int8(2)], "bool")).toBe(true);
    expect(evaluateScalar("cast", [{ value: 0.1, dtype: "float64" }], "float32")).toBe(Math.fround(0.1));
    expect(evaluateScalar("cast", [{ value: 2.9, dtype: "float64" }], "int64")).toBe(2n);
    expect(evaluateScalar("sqrt", [{ value: 2, dtype: "float64" }], "float64")).toBe(Math.SQRT2);
  });
  it("knows times and strings", () => {
    const nat = { value: -(2n ** 63n), dtype: "timedelta64[s]" } as const;
    expect(evaluateScalar("add", [nat, { value: 5n, dtype: "timedelta64[s]" }], "timedelta64[s]")).toBe(
      nat.value,
    );
    expect(evaluateScalar("equal", [nat, nat], "bool")).toBe(false);
    const text = { value: "a", dtype: "string" } as const;
    expect(
      evaluateScalar("where", [{ value: false, dtype: "bool" }, text, { ...text, value: "b" }], "string"),
    ).toBe("b");
  });
  it("refuses what core refuses", () => {
    const value = { value: 1.5, dtype: "float64" } as const;
    expect(() => evaluateScalar("bitwiseAnd", [value, value], "float64")).toThrow(/integers or bool/);
  });
});
