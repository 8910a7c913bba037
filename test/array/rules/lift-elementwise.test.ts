import { cast, concat, elementwise, view, where } from "@hyperslab/array/build";
import { printNodes } from "@hyperslab/array/explain";
import type { Node } from "@hyperslab/array/node";
import { optimise } from "@hyperslab/array/optimise";
import { fuseElementwise } from "@hyperslab/array/rules/fuse-elementwise";
import { joinSources } from "@hyperslab/array/rules/join-sources";
import { liftElementwise } from "@hyperslab/array/rules/lift-elementwise";
import { postOrder } from "@hyperslab/array/walk";
import { describe, expect, it } from "vitest";
import { stored } from "../stored.js";

const rules = [liftElementwise, joinSources, fuseElementwise];
const lift = (node: Node): string => printNodes(optimise([node], undefined, rules));

/** A file as conventions decode it. */
function decoded(number: number, scale: number, fill = -9): Node {
  const raw = stored(`x${number}`, [2, 4], [2, 4], "int16");
  const numbers = where(elementwise("equal", [raw, fill]), NaN, cast(raw, "float64"));
  return elementwise("multiply", [numbers, scale]);
}

describe("lift-elementwise", () => {
  it("decodes once what all files decode alike", () => {
    expect(lift(concat([decoded(0, 0.5), decoded(1, 0.5), decoded(2, 0.5)], 0))).toMatchInlineSnapshot(`
      "#0 source x0 of 3 → int16 (6, 4) in 3 blocks of (2, 4)
      #1 elementwise multiply(where(equal(#0, -9), NaN, float64(#0)), 0.5) → float64 (6, 4) in 3 blocks of (2, 4)"
    `);
  });
  it("gives every position the scale and the fill value of its file", () => {
    const [node] = optimise(
      [concat([decoded(0, 0.5), decoded(1, 2, 7), decoded(2, 3)], 0)],
      undefined,
      rules,
    );
    expect(printNodes([node])).toMatchInlineSnapshot(`
      "#0 source x0 of 3 → int16 (6, 4) in 3 blocks of (2, 4)
      #1 literal → int16 (6, 1) in 1 block
      #2 literal → float64 (6, 1) in 1 block
      #3 elementwise multiply(where(equal(#0, #1), NaN, float64(#0)), #2) → float64 (6, 4) in 3 blocks of (2, 4)"
    `);
    const literals = postOrder([node]).flatMap((one) =>
      one.kind === "literal" ? [[...one.block.data]] : [],
    );
    expect(literals).toEqual([
      [-9, -9, 7, 7, -9, -9],
      [0.5, 0.5, 2, 2, 3, 3],
    ]);
  });
  it("passes a view that gives each file a position on a new axis", () => {
    const members = [decoded(0, 1), decoded(1, 2)].map((one) => view(one, [null, 0, 1]));
    expect(lift(concat(members, 0))).toMatchInlineSnapshot(`
      "#0 source x0 of 2 → int16 (2, 2, 4) in 2 blocks of (1, 2, 4)
      #1 literal → float64 (2, 1, 1) in 1 block
      #2 elementwise multiply(where(equal(#0, -9), NaN, float64(#0)), #1) → float64 (2, 2, 4) in 2 blocks of (1, 2, 4)"
    `);
  });
  it("keeps runs of files apart that are decoded in other ways", () => {
    const plain = cast(stored("y", [2, 4], [2, 4]), "float64");
    const text = lift(concat([decoded(0, 1), decoded(1, 1), plain, decoded(2, 1)], 0));
    expect(text.split("\n").at(-1)).toMatchInlineSnapshot(
      `"#6 concat #1, #3, #5 along axis 0 → float64 (8, 4) in 4 blocks of (2, 4)"`,
    );
  });
  it("leaves alone what all files share", () => {
    const weights = stored("w", [1, 4], [1, 4]);
    const files = [0, 1].map((i) => elementwise("multiply", [stored(`x${i}`, [2, 4], [2, 4]), weights]));
    expect(lift(concat(files, 0))).toMatchInlineSnapshot(`
      "#0 source x0 of 2 → float32 (4, 4) in 2 blocks of (2, 4)
      #1 source w → float32 (1, 4) in 1 block
      #2 elementwise multiply(#0, #1) → float32 (4, 4) in 2 blocks of (2, 4)"
    `);
  });
});
