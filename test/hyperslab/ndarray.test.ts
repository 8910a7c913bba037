import { toBlock, toNdarray } from "hyperslab/ndarray";
import ndarray from "ndarray";
import { describe, expect, it } from "vitest";

describe("toBlock", () => {
  it("guesses dtypes of lists", () => {
    expect(toBlock([1, 2])).toEqual({ dtype: "float64", shape: [2], data: Float64Array.of(1, 2) });
    expect(toBlock([1n])).toMatchObject({ dtype: "int64" });
    expect(toBlock([true, false])).toEqual({ dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) });
    expect(toBlock([["a"], ["b"]])).toEqual({ dtype: "string", shape: [2, 1], data: ["a", "b"] });
    expect(toBlock([new Date(5)])).toEqual({
      dtype: "datetime64[ms]",
      shape: [1],
      data: BigInt64Array.of(5n),
    });
    expect(toBlock(3)).toEqual({ dtype: "float64", shape: [], data: Float64Array.of(3) });
    expect(() => toBlock([1, "a"])).toThrow(/several types/);
  });

  it("does what a dtype says", () => {
    expect(toBlock(["1970-01-02"], "datetime64[h]").data).toEqual(BigInt64Array.of(24n));
    expect(toBlock([1.5], "float16").data).toEqual(Uint16Array.of(0x3e00));
    expect(toBlock([1], "int64").data).toEqual(BigInt64Array.of(1n));
    expect(toBlock(Int32Array.of(7), "float32").data).toEqual(Float32Array.of(7));
  });

  it("takes typed arrays as they are", () => {
    const data = Int16Array.of(1, 2, 3, 4);
    const block = toBlock(data, undefined, [2, 2]);
    expect(block.data).toBe(data);
    expect(block).toMatchObject({ dtype: "int16", shape: [2, 2] });
    expect(toBlock(BigInt64Array.of(0n), "datetime64[D]").dtype).toBe("datetime64[D]");
    expect(() => toBlock(data, undefined, [3])).toThrow(/4 elements/);
  });

  it("reads strided ndarrays in C order", () => {
    const view = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]).transpose(1, 0);
    expect(toBlock(view)).toEqual({
      dtype: "float32",
      shape: [3, 2],
      data: Float32Array.of(1, 4, 2, 5, 3, 6),
    });
  });

  it("refuses ragged lists", () => {
    expect(() => toBlock([[1, 2], [3]])).toThrow(/equally long/);
    expect(() => toBlock([[1], 2] as never)).toThrow(/depth/);
  });
});

describe("toNdarray", () => {
  it("shares memory and has C strides", () => {
    const data = Float64Array.of(1, 2, 3, 4, 5, 6);
    const array = toNdarray({ dtype: "float64", shape: [2, 3], data });
    expect(array.get(1, 0)).toBe(4);
    expect(array.data).toBe(data);
  });

  it("widens float16", () => {
    expect(toNdarray({ dtype: "float16", shape: [1], data: Uint16Array.of(0x3e00) }).get(0)).toBe(1.5);
  });

  it("has no axes for one element", () => {
    expect(toNdarray({ dtype: "float64", shape: [], data: Float64Array.of(7) }).get()).toBe(7);
  });
});
