import { concat, elementwise, select, view } from "@hyperslab/array/build";
import { explain, printNodes } from "@hyperslab/array/explain";
import { lower } from "@hyperslab/array/lower";
import type { Node } from "@hyperslab/array/node";
import { optimise } from "@hyperslab/array/optimise";
import { joinSources } from "@hyperslab/array/rules/join-sources";
import { pushSelection } from "@hyperslab/array/rules/push-selection";
import { slice } from "@hyperslab/core/box";
import { describe, expect, it } from "vitest";
import { stored } from "../stored.js";

const join = (node: Node): string => printNodes(optimise([node], undefined, [pushSelection, joinSources]));
const files = (count: number, length = 12): Node[] =>
  Array.from({ length: count }, (_, i) => stored(`x${i}`, [length, 4], [5, 4]));

describe("join-sources", () => {
  it("makes one source of arrays behind each other, in their own chunks", () => {
    expect(join(concat(files(3), 0))).toMatchInlineSnapshot(
      `"#0 source x0 of 3 → float32 (36, 4) in 9 blocks of (5, 4)"`,
    );
    expect(join(concat(files(3), 1))).toMatchInlineSnapshot(
      `"#0 source x0 of 3 → float32 (12, 12) in 9 blocks of (5, 4)"`,
    );
  });
  it("stacks arrays on a new axis", () => {
    const stacked = files(3).map((file) => view(file, [0, null, 1]));
    expect(join(concat(stacked, 1))).toMatchInlineSnapshot(
      `"#0 source x0 of 3 → float32 (12, 3, 4) in 9 blocks of (5, 1, 4)"`,
    );
  });
  it("leaves out the files that nothing is taken from, and knows the chunks that are read", () => {
    const picked = select(concat(files(100), 0), [slice(30, 20), slice(1, 2)]);
    expect(join(picked)).toMatchInlineSnapshot(
      `"#0 source x2 of 3 [6:26, 1:3] → float32 (20, 2) in 6 blocks of (5, 2)"`,
    );
    const every = select(concat(files(3), 0), [slice(0, 4, 11), slice(0, 4)]);
    expect(join(every)).toMatchInlineSnapshot(
      `"#0 source x0 of 3 [0:44:11, :] → float32 (4, 4) in 4 blocks of (1, 4)"`,
    );
    const odd = select(concat(files(3), 0), [slice(35, 7, -5), slice(0, 4)]);
    expect(join(odd)).toMatchInlineSnapshot(
      `"#0 source x2 of 3 [7 positions, :] → float32 (7, 4) in 7 blocks of (1, 4)"`,
    );
  });
  it("joins the runs that can be joined", () => {
    const [a, b, c] = files(3);
    const other = stored("y", [2, 4], [2, 2]);
    expect(join(concat([a, b, other, c], 0))).toMatchInlineSnapshot(`
      "#0 source x0 of 2 → float32 (24, 4) in 6 blocks of (5, 4)
      #1 source y → float32 (2, 4) in 2 blocks of (2, 2)
      #2 source x2 → float32 (12, 4) in 3 blocks of (5, 4)
      #3 concat #0, #1, #2 along axis 0 → float32 (38, 4) in 10 blocks of (5, 4)"
    `);
    expect(joinSources.apply(concat([a, elementwise("add", [b, 1])], 0))).toBeNull();
  });
  it("of thousands of files makes a plan with one step to read them", () => {
    const [stage, ...others] = lower(optimise([concat(files(4400, 1), 0)])).stages;
    expect(others).toEqual([]);
    expect(stage.program.steps.map(({ kind }) => kind)).toEqual(["source"]);
    expect(explain([select(concat(files(4400, 1), 0), [slice(4000, 1), slice(0, 4)])])).toContain(
      "1 task in 1 stage; reads 16 B",
    );
  });
});
