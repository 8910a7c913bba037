import * as hyperslab from "hyperslab";
import { expect, it } from "vitest";

it("exports what the documentation names", () => {
  for (const name of [
    "DataArray",
    "Dataset",
    "dataArray",
    "dataset",
    "openDataset",
    "openZarr",
    "compute",
    "align",
    "concat",
    "merge",
    "where",
    "setOptions",
    "slice",
    "timedelta",
    "toDate",
    "inlineExecutor",
    "threadsExecutor",
  ])
    expect(hyperslab).toHaveProperty(name);
});
