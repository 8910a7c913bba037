import { cast, elementwise, reduce, select, view, where } from "@hyperslab/array/build";
import { callSite } from "@hyperslab/array/call-site";
import { printNodes } from "@hyperslab/array/explain";
import { joinParts } from "@hyperslab/array/join-parts";
import type { Node } from "@hyperslab/array/node";
import { optimise } from "@hyperslab/array/optimise";
import { pushSelection } from "@hyperslab/array/rules/push-selection";
import { slice } from "@hyperslab/core/box";
import { reduction } from "@hyperslab/core/reduction";
import type { JoinedDetail } from "@hyperslab/core/source-ref";
import { describe, expect, it } from "vitest";
import { stored } from "./stored.js";

function decoded(number: number, scale = 0.5): Node {
  const raw = stored(`x${number}`, [2, 4], [2, 4], "int16");
  return elementwise("multiply", [where(elementwise("equal", [raw, -9]), NaN, cast(raw, "float32")), scale]);
}
const files = (count: number, scale?: (i: number) => number): Node[] =>
  Array.from({ length: count }, (_, i) => decoded(i, scale?.(i)));
const printed = (node: Node): string => printNodes([node]);

describe("joinParts", () => {
  it("makes one expression over one source, which parts that use it twice share", () => {
    expect(printed(joinParts(files(3), 0))).toMatchInlineSnapshot(`
      "#0 source x0 of 3 → int16 (6, 4) in 3 blocks of (2, 4)
      #1 elementwise equal(#0, -9) → bool (6, 4) in 3 blocks of (2, 4)
      #2 elementwise float32(#0) → float32 (6, 4) in 3 blocks of (2, 4)
      #3 elementwise where(#1, NaN, #2) → float32 (6, 4) in 3 blocks of (2, 4)
      #4 elementwise multiply(#3, 0.5) → float32 (6, 4) in 3 blocks of (2, 4)"
    `);
  });
  it("sees through what was selected, turned and reduced of every file", () => {
    const picked = files(3).map((one) => select(one, [slice(0, 2), slice(1, 1)]));
    expect(
      printed(
        joinParts(
          picked.map((one) => view(one, [0])),
          0,
        ),
      ).split("\n"),
    ).toEqual([
      "#0 source x0 of 3 [:, 1] → int16 (6, 1) in 3 blocks of (2, 1)",
      expect.stringContaining("elementwise equal"),
      expect.stringContaining("elementwise float32"),
      expect.stringContaining("elementwise where"),
      "#4 elementwise multiply(#3, 0.5) → float32 (6, 1) in 3 blocks of (2, 1)",
      "#5 view #4 axes 0 → float32 (6) in 3 blocks of (2)",
    ]);
    const means = files(3).map((one) => reduce(one, reduction("mean", "float32", {}), [1]));
    expect(printed(joinParts(means, 0)).split("\n").at(-1)).toBe(
      "#5 reduce mean(#4) over axes 1, skipna → float32 (6, 1) in 3 blocks of (2, 1)",
    );
  });
  it("keeps apart what is not alike, and gives one part back as it is", () => {
    const other = reduce(decoded(2), reduction("sum", "float32", {}), [0]);
    expect(joinParts([...files(2), other], 0)).toMatchObject({ kind: "concat", args: { length: 2 } });
    const [alone] = files(1);
    expect(joinParts([alone], 0)).toBe(alone);
  });
});

describe("a selection of joined files", () => {
  it("leaves out the files before and behind, and is the same reference every time", () => {
    const joined = joinParts(files(100), 0);
    const [one, other] = [0, 1].map((row) => {
      const [node] = optimise([select(joined, [slice(50, 3), slice(row, 1)])], undefined, [pushSelection]);
      const source = printed(node).split("\n")[0];
      let at: Node = node;
      while (at.kind === "elementwise") at = at.args[0];
      return { source, ref: at.kind === "source" ? at.ref : null };
    });
    expect(one.source).toBe("#0 source x0 of 2 [0:3, 0] → int16 (3, 1) in 2 blocks of (2, 1)");
    expect((one.ref?.detail as JoinedDetail | undefined)?.parts.map(({ ref }) => ref.path)).toEqual([
      "x25",
      "x26",
    ]);
    expect(one.ref).toBe(other.ref);
  });
});

it("callSite names the line that called", () => {
  expect(callSite()).toMatch(/^join-parts\.test\.ts:\d+$/);
});
