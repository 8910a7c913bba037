import * as hyperslab from "hyperslab";
import { expect, it } from "vitest";

it("the front door has these names, and changes them on purpose only", () => {
  expect(Object.keys(hyperslab).toSorted()).toMatchInlineSnapshot(`
    [
      "AlignmentError",
      "ArgumentError",
      "CancelledError",
      "Client",
      "Cluster",
      "DataArray",
      "Dataset",
      "DatetimeAccessor",
      "DimensionError",
      "DtypeError",
      "GroupBy",
      "LabelError",
      "MemoryError",
      "MemoryStore",
      "NameError",
      "ShapeError",
      "StorageError",
      "TaskError",
      "Variable",
      "Weighted",
      "align",
      "closeDefaultExecutor",
      "compute",
      "concat",
      "connect",
      "dataArray",
      "dataset",
      "formatTime",
      "inlineExecutor",
      "isHyperslabError",
      "merge",
      "openDataset",
      "openZarr",
      "setOptions",
      "slice",
      "threadsExecutor",
      "timedelta",
      "toDate",
      "where",
    ]
  `);
});
