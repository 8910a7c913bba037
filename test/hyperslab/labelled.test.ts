import { dataArray, dataset } from "hyperslab";
import {
  arrayVariable,
  coordsWithin,
  dimensionCoord,
  dimsOf,
  parseDims,
  pickArray,
  withVariables,
} from "hyperslab/labelled";
import { expect, it } from "vitest";

const ds = dataset(
  {
    t: [
      ["y", "x"],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    n: ["z", [1, 2, 3]],
  },
  {
    coords: {
      x: [10, 20],
      area: [
        ["y", "x"],
        [
          [1, 1],
          [1, 1],
        ],
      ],
      h: 2,
    },
  },
);

it("knows labels of dimensions from other coordinates", () => {
  expect(dimensionCoord(ds.labelled, "x")?.dims).toEqual(["x"]);
  expect(dimensionCoord(ds.labelled, "y")).toBeUndefined();
  expect(dimensionCoord(ds.labelled, "h")).toBeUndefined();
});

it("orders dimensions by data first", () => {
  expect(dimsOf(ds.labelled)).toEqual(["y", "x", "z"]);
});

it("gives an array the coordinates that fit it", () => {
  expect([...coordsWithin(ds.labelled, ["z"]).keys()]).toEqual(["h"]);
  expect([...pickArray(ds.labelled, "t").coordNames].sort()).toEqual(["area", "h", "x"]);
  expect(() => pickArray(ds.labelled, "q")).toThrow(/there are/);
});

it("refuses two lengths of one dimension", () => {
  const other = dataArray([1, 2, 3], { dims: "x" }).variable;
  expect(() => withVariables(ds.labelled, new Map([...ds.labelled.variables, ["q", other]]))).toThrow(
    'variable "q" with dimension "x" of length 3: length 2 on another variable',
  );
});

it("reads dimensions from one name, several, none and dots", () => {
  expect(parseDims("x", ["x", "y"], "mean")).toEqual(["x"]);
  expect(parseDims(["y", "y"], ["x", "y"], "mean")).toEqual(["y"]);
  expect(parseDims(null, ["x", "y"], "mean")).toEqual(["x", "y"]);
  expect(parseDims("...", ["x", "y"], "mean")).toEqual(["x", "y"]);
  expect(() => parseDims("z", ["x", "y"], "mean")).toThrow('mean: dimension "z": not among (x, y)');
});

it("has no one array in a dataset", () => {
  expect(() => arrayVariable(ds.labelled)).toThrow(/take one variable/);
});
