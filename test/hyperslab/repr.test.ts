import { inspect } from "node:util";
import { dataArray, dataset } from "hyperslab";
import { bytesText } from "hyperslab/repr";
import { expect, it } from "vitest";

const t = dataArray(new Float32Array(6), {
  dims: ["y", "x"],
  shape: [2, 3],
  name: "t",
  attrs: { units: "K" },
});
const ds = dataset(
  { t, s: ["x", ["a", "b", "c"]] },
  {
    coords: {
      x: [10, 20, 30],
      h: 2,
      area: [
        ["y", "x"],
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    },
    attrs: { title: "A title", long: "word ".repeat(30), levels: [1, 2] },
  },
);

it("shows a dataset as xarray does", () => {
  expect(String(ds)).toBe(`<hyperslab.Dataset> Size: 152B
Dimensions:  (y: 2, x: 3)
Coordinates:
  * x        (x) float64 24B 10.0 20.0 30.0
    area     (y, x) float64 48B 1.0 2.0 3.0 4.0 5.0 6.0
    h        float64 8B 2.0
Dimensions without coordinates: y
Data variables:
    t        (y, x) float32 24B 0.0 0.0 0.0 0.0 0.0 0.0
    s        (x) string 48B 'a' 'b' 'c'
Attributes:
    title:    A title
    long:     word word word word word word word word word word word word wor...
    levels:   [1, 2]`);
});

it("tells lazy arrays by chunks", () => {
  const lazy = ds.get("t").chunk({ x: 2 });
  expect(String(lazy)).toBe(`<hyperslab.DataArray 't' (y: 2, x: 3)> Size: 24B
[lazy float32 of 6 elements, chunks (2, 2) of 16B]
Coordinates:
  * x        (x) float64 24B 10.0 20.0 30.0
    area     (y, x) float64 48B lazy, chunks (2, 2)
    h        float64 8B 2.0
Dimensions without coordinates: y
Attributes:
    units:    K`);
  expect(String(ds.chunk({ x: 2 }))).toContain("t        (y, x) float32 24B lazy, chunks (2, 2)");
});

it("says that a dataset is empty", () => {
  expect(String(dataset({}))).toBe(
    "<hyperslab.Dataset> Size: 0B\nDimensions:  ()\nData variables:\n    *empty*",
  );
});

it("is what Node prints, and what notebooks ask for", () => {
  expect(inspect(t)).toBe(String(t));
  const display = Reflect.get(t, Symbol.for("Jupyter.display")) as () => Record<string, string>;
  expect(display.call(t)).toEqual({ "text/html": t.toHtml(), "text/plain": String(t) });
});

it("writes bytes in powers of 1000", () => {
  expect([0, 999, 15_600, 2.5e9].map(bytesText)).toEqual(["0B", "999B", "16kB", "3GB"]);
});
