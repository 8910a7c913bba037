import { concat, dataArray, dataset, merge } from "hyperslab";
import { describe, expect, it } from "vitest";
import { failure, listOf } from "../read.js";

const one = (values: number[], attrs = {}): ReturnType<typeof dataArray> =>
  dataArray(values, { dims: "x", coords: { x: [1, 2] }, name: "t", attrs });

describe("compat", () => {
  it("no_conflicts takes what either has", async () => {
    const merged = merge([one([1, NaN]), one([1, 5])]);
    expect(await listOf(merged.get("t"))).toEqual([1, 5]);
    expect((await failure(() => merge([one([1, NaN]), one([2, 5])]))).tag).toBe("AlignmentError");
    expect((await failure(() => merge([one([1, NaN]), one([1, 5])], { compat: "equals" }))).tag).toBe(
      "AlignmentError",
    );
  });
  it("identical compares attributes, broadcast_equals stretches", async () => {
    const pair = [one([1, 1], { units: "K" }), one([1, 1], { units: "C" })];
    expect((await failure(() => merge(pair, { compat: "identical" }))).tag).toBe("AlignmentError");
    expect(merge(pair, { compat: "equals" }).get("t").attrs).toEqual({ units: "K" });
    const flat = dataset({ t: 1 });
    expect(merge([dataset({ t: one([1, 1]) }), flat], { compat: "broadcast_equals" }).sizes).toEqual({
      x: 2,
    });
    expect(() => merge([flat], { compat: "same" as never })).toThrow(/no such rule/);
  });
});

describe("combineAttrs", () => {
  const sets = [
    dataset({ t: 1 }, { attrs: { a: 1, b: 2 } }),
    dataset({ t: 1 }, { attrs: { a: 1, b: 3, c: 4 } }),
  ];
  it("as xarray has it", async () => {
    expect(merge(sets).attrs).toEqual({ a: 1, b: 2 });
    expect(merge(sets, { combineAttrs: "drop" }).attrs).toEqual({});
    expect(merge(sets, { combineAttrs: "drop_conflicts" }).attrs).toEqual({ a: 1, c: 4 });
    expect((await failure(() => merge(sets, { combineAttrs: "no_conflicts" }))).message).toMatch(
      /"b" of object 1/,
    );
    expect((await failure(() => merge(sets, { combineAttrs: "identical" }))).message).toMatch(
      /object 1 differs/,
    );
    expect(concat(sets, "m", { combineAttrs: "drop_conflicts" }).attrs).toEqual({ a: 1, c: 4 });
    expect(() => merge(sets, { combineAttrs: "all" as never })).toThrow(/no such way/);
  });
});

describe("which variables concat joins", () => {
  const sets = [0, 1].map((i) => dataset({ t: one([i, i]), c: 5, d: i }, { coords: { h: 2, k: i } }));
  it("by a word or a list of names", () => {
    const dims = (options: Parameters<typeof concat>[2]): Record<string, number> => {
      const made = concat(sets, "m", { compat: "override", ...options });
      return Object.fromEntries(
        ["t", "c", "h", "k"].map((name) => [name, made.get(name).variable.dims.length]),
      );
    };
    expect(dims({})).toEqual({ t: 2, c: 1, h: 0, k: 0 });
    expect(dims({ coords: "all" })).toEqual({ t: 2, c: 1, h: 1, k: 1 });
    expect(dims({ coords: ["k"] })).toEqual({ t: 2, c: 1, h: 0, k: 1 });
    expect(() => concat(sets, "m", { dataVars: ["z"] })).toThrow(/no variable "z"/);
    expect(() => concat(sets, "m", { dataVars: "most" as never })).toThrow(/no such choice/);
  });
  it("and drops the packing where the parts were packed otherwise", async () => {
    const encoded = sets.map((set, i) => {
      const { labelled } = set;
      const variables = new Map(
        [...labelled.variables].map(([name, variable]) => [
          name,
          Object.assign(
            Object.create(Object.getPrototypeOf(variable) as object) as typeof variable,
            variable,
            {
              encoding: { scale_factor: i + 1, dtype: "int16", chunks: [2], units: "m" },
            },
          ),
        ]),
      );
      return Object.assign(Object.create(Object.getPrototypeOf(set) as object) as typeof set, set, {
        labelled: { ...labelled, variables },
      });
    });
    expect(concat(encoded, "x").get("t").encoding).toEqual({ chunks: [2], units: "m" });
  });
});
