import {
  broadcast,
  concat,
  elementwise,
  groupReduce,
  literal,
  rechunk,
  reduce,
  select,
  view,
} from "@hyperslab/array/build";
import { printNodes } from "@hyperslab/array/explain";
import type { Node } from "@hyperslab/array/node";
import { optimise } from "@hyperslab/array/optimise";
import { pushSelection } from "@hyperslab/array/rules/push-selection";
import { positions, slice } from "@hyperslab/core/box";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { describe, expect, it } from "vitest";
import { stored } from "../stored.js";

const x = stored("x", [12, 90, 180], [1, 90, 180]);
const push = (node: Node): string => printNodes(optimise([node], undefined, [pushSelection]));
const point = [slice(3, 1), slice(45, 1), slice(90, 1)];

describe("push-selection", () => {
  it("joins selections and reaches the source", () => {
    const twice = select(select(x, [slice(2, 8), slice(89, 90, -1), slice(0, 180)]), [
      slice(1, 3),
      slice(0, 1),
      positions([5, 3]),
    ]);
    expect(push(twice)).toMatchInlineSnapshot(
      `"#0 source x [3:6, 89, 2 positions] → float32 (3, 1, 2) in 3 blocks of (1, 1, 2)"`,
    );
  });
  it("passes elementwise operations, and leaves stretched axes alone", () => {
    const row = stored("row", [1, 90, 1], [1, 90, 1]);
    expect(push(select(elementwise("multiply", [x, row]), point))).toMatchInlineSnapshot(`
      "#0 source x [3, 45, 90] → float32 (1, 1, 1) in 1 block
      #1 source row [:, 45, :] → float32 (1, 1, 1) in 1 block
      #2 elementwise multiply(#0, #1) → float32 (1, 1, 1) in 1 block"
    `);
  });
  it("passes views and broadcasts", () => {
    const turned = view(x, [2, null, 0, 1]);
    expect(push(select(turned, [slice(7, 2), slice(0, 1), slice(0, 1), slice(0, 90)])))
      .toMatchInlineSnapshot(`
      "#0 source x [0, :, 7:9] → float32 (1, 90, 2) in 1 block
      #1 view #0 axes 2, new, 0, 1 → float32 (2, 1, 1, 90) in 1 block"
    `);
    const line = stored("line", [1, 90], [1, 90]);
    expect(push(select(broadcast(line, [7, 90]), [slice(0, 2), slice(3, 4)]))).toMatchInlineSnapshot(`
      "#0 source line [:, 3:7] → float32 (1, 4) in 1 block
      #1 broadcast #0 → float32 (2, 4) in 1 block"
    `);
  });
  it("splits at the seams of a concat, and drops parts that nothing is taken from", () => {
    const y = stored("y", [5, 90, 180], [1, 90, 180]);
    expect(push(select(concat([x, y, x], 0), [slice(10, 4), slice(0, 90), slice(0, 180)])))
      .toMatchInlineSnapshot(`
      "#0 source x [10:12, :, :] → float32 (2, 90, 180) in 2 blocks of (1, 90, 180)
      #1 source y [0:2, :, :] → float32 (2, 90, 180) in 2 blocks of (1, 90, 180)
      #2 concat #0, #1 along axis 0 → float32 (4, 90, 180) in 4 blocks of (1, 90, 180)"
    `);
    expect(
      push(select(concat([x, y, x], 0), [slice(13, 1), slice(0, 90), slice(0, 180)])),
    ).toMatchInlineSnapshot(`"#0 source y [1, :, :] → float32 (1, 90, 180) in 1 block"`);
  });
  it("passes reductions on the axes that stay", () => {
    const mean = reduce(x, reduction("mean", "float32"), [0]);
    expect(push(select(mean, [slice(0, 1), slice(4, 1), slice(0, 180)]))).toMatchInlineSnapshot(`
      "#0 source x [:, 4, :] → float32 (12, 1, 180) in 12 blocks of (1, 1, 180)
      #1 reduce mean(#0) over axes 0, skipna → float32 (1, 1, 180) in 1 block"
    `);
  });
  it("reads only the members of chosen groups", () => {
    const codes = Int32Array.from({ length: 12 }, (_, i) => i % 4);
    const grouped = groupReduce(x, reduction("mean", "float32"), 0, codes, 4);
    expect(push(select(grouped, [slice(2, 1), slice(0, 90), slice(0, 180)]))).toMatchInlineSnapshot(`
      "#0 source x [3 positions, :, :] → float32 (3, 90, 180) in 3 blocks of (1, 90, 180)
      #1 groupReduce mean(#0) in 1 groups of axis 0, skipna → float32 (1, 90, 180) in 1 block"
    `);
  });
  it("passes a change of chunks", () => {
    expect(push(select(rechunk(x, regularGrid([12, 90, 180], [12, 10, 10])), point))).toMatchInlineSnapshot(
      `"#0 source x [3, 45, 90] → float32 (1, 1, 1) in 1 block"`,
    );
  });
  it("stays before data in memory", () => {
    const data = literal({ dtype: "int32", shape: [3], data: Int32Array.of(1, 2, 3) });
    expect(pushSelection.apply(select(data, [slice(0, 2)]))).toBeNull();
  });
});
