import { cast, elementwise, where } from "@hyperslab/array/build";
import { printNodes } from "@hyperslab/array/explain";
import { optimise } from "@hyperslab/array/optimise";
import { fuseElementwise } from "@hyperslab/array/rules/fuse-elementwise";
import { describe, expect, it } from "vitest";
import { stored } from "../stored.js";

const x = stored("x", [10, 10], [5, 5]);
const y = stored("y", [10, 10], [5, 5]);

describe("fuse-elementwise", () => {
  it("makes one program of a chain, and computes equal operations once", () => {
    const difference = elementwise("subtract", [x, y]);
    const ratio = elementwise("divide", [difference, elementwise("add", [x, y])]);
    const [fused] = optimise([elementwise("multiply", [ratio, elementwise("subtract", [x, y])])], undefined, [
      fuseElementwise,
    ]);
    expect(printNodes([fused])).toMatchInlineSnapshot(`
      "#0 source x → float32 (10, 10) in 4 blocks of (5, 5)
      #1 source y → float32 (10, 10) in 4 blocks of (5, 5)
      #2 elementwise multiply(divide(subtract(#0, #1), add(#0, #1)), subtract(#0, #1)) → float32 (10, 10) in 4 blocks of (5, 5)"
    `);
    expect(
      fused.kind === "elementwise" && fused.program.ops.filter(({ op }) => op === "subtract").length,
    ).toBe(1);
  });
  it("leaves a small argument to be computed before it is stretched", () => {
    const weights = elementwise("cos", [stored("lat", [10, 1], [10, 1])]);
    const product = elementwise("multiply", [x, weights]);
    expect(fuseElementwise.apply(product)).toBeNull();
  });
  it("keeps the result last where it equals an earlier operation", () => {
    const once = elementwise("add", [x, 1]);
    const node = where(elementwise("greater", [once, 0]), once, once);
    const [fused] = optimise([node], undefined, [fuseElementwise]);
    expect(printNodes([fused])).toMatchInlineSnapshot(`
      "#0 source x → float32 (10, 10) in 4 blocks of (5, 5)
      #1 elementwise where(greater(add(#0, 1), 0), add(#0, 1), add(#0, 1)) → float32 (10, 10) in 4 blocks of (5, 5)"
    `);
  });
  it("keeps casts", () => {
    expect(printNodes(optimise([cast(elementwise("add", [x, 1]), "int16")], undefined, [fuseElementwise])))
      .toMatchInlineSnapshot(`
      "#0 source x → float32 (10, 10) in 4 blocks of (5, 5)
      #1 elementwise int16(add(#0, 1)) → int16 (10, 10) in 4 blocks of (5, 5)"
    `);
  });
});
