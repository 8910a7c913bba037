import { broadcast, elementwise, literal, rechunk, view } from "@hyperslab/array/build";
import { printNodes } from "@hyperslab/array/explain";
import { absorbRechunk, coarser } from "@hyperslab/array/rules/absorb-rechunk";
import { dropBroadcast } from "@hyperslab/array/rules/drop-broadcast";
import { mergeViews } from "@hyperslab/array/rules/merge-views";
import { regularGrid, sameGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { describe, expect, it } from "vitest";
import { stored } from "../stored.js";

const x = stored("x", [12, 90], [1, 90]);

describe("absorb-rechunk", () => {
  it("reads whole stored chunks as larger blocks", () => {
    const grid = regularGrid([12, 90], [4, 90]);
    const absorbed = absorbRechunk.apply(rechunk(elementwise("add", [x, 1]), grid));
    expect(absorbed?.kind).toBe("elementwise");
    expect(absorbed && sameGrid(absorbed.grid, grid)).toBe(true);
  });
  it("keeps a rechunk that would read chunks more than once, and one of a reduction's blocks", () => {
    expect(absorbRechunk.apply(rechunk(x, regularGrid([12, 90], [12, 10])))).toBeNull();
  });
  it("cuts data in memory as it likes, and drops all but the last of several", () => {
    const data = literal({ dtype: "int8", shape: [4], data: new Int8Array(4) });
    expect(absorbRechunk.apply(rechunk(data, regularGrid([4], [1])))?.kind).toBe("literal");
    const twice = rechunk(rechunk(x, regularGrid([12, 90], [12, 10])), regularGrid([12, 90], [12, 30]));
    expect(printNodes([absorbRechunk.apply(twice) ?? x])).toContain("rechunk #0");
  });
  it("knows which cuts are cuts of another grid", () => {
    expect(coarser(regularGrid([10], [4]), regularGrid([10], [2]))).toBe(true);
    expect(coarser(regularGrid([10], [3]), regularGrid([10], [2]))).toBe(false);
    expect(coarser(wholeGrid([10]), regularGrid([10], [3]))).toBe(true);
  });
});

describe("drop-broadcast", () => {
  const row = stored("row", [1, 90], [1, 90]);
  it("drops what the operation does itself", () => {
    const node = dropBroadcast.apply(elementwise("add", [x, broadcast(row, [12, 90])]));
    expect(node?.kind === "elementwise" && node.args.map((arg) => arg.kind)).toEqual(["source", "source"]);
  });
  it("keeps a broadcast that gives the shape", () => {
    expect(dropBroadcast.apply(elementwise("add", [broadcast(row, [12, 90]), 1]))).toBeNull();
  });
});

describe("merge-views", () => {
  it("composes two, and drops what they undo", () => {
    const turned = view(x, [1, 0]);
    const back = mergeViews.apply(view(turned, [1, 0]));
    expect(back && mergeViews.apply(back)).toBe(x);
    expect(printNodes([mergeViews.apply(view(turned, [null, 0, 1])) ?? x])).toContain(
      "view #0 axes new, 1, 0",
    );
  });
});
