import {
  blockBox,
  chunkCount,
  chunkLengths,
  regularAxis,
  regularGrid,
  selectAxis,
} from "@hyperslab/core/chunk-grid";
import { positions, slice } from "@hyperslab/core/box";
import { describe, expect, it } from "vitest";

describe("chunk grid", () => {
  it("cuts an axis into chunks, the last one shorter", () => {
    expect(chunkLengths(regularAxis(10, 4))).toEqual([4, 4, 2]);
    expect(chunkCount(regularAxis(0, 4))).toBe(1);
  });
  it("gives the box of a block", () => {
    expect(blockBox(regularGrid([10, 7], [4, 3]), [2, 2])).toEqual({ start: [8, 6], shape: [2, 1] });
  });
  it("cuts a selection where it passes into another chunk", () => {
    expect(chunkLengths(selectAxis(regularAxis(10, 4), slice(2, 6)))).toEqual([2, 4]);
    expect(chunkLengths(selectAxis(regularAxis(10, 4), slice(9, 5, -2)))).toEqual([1, 2, 2]);
    expect(chunkLengths(selectAxis(regularAxis(10, 4), positions([1, 9])))).toEqual([1, 1]);
    expect(chunkLengths(selectAxis(regularAxis(10, 4), positions([1, 9, 1])))).toEqual([3]);
  });
});
