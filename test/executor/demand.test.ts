import { positions, slice } from "@hyperslab/core/box";
import { regularAxis } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { demandOf } from "@hyperslab/executor/demand";
import { describe, expect, it } from "vitest";
import { ProgramBuilder, affine, binary, float64 } from "./plan-builder.js";

const REF = { format: "zarr", store: { kind: "process", id: 0 }, path: "/a", detail: null } as const;

/** Boxes as text, by step. */
function boxes(p: ProgramBuilder, start: number[], shape: number[]): string[] {
  return demandOf(p.build(), { start, shape }).map(
    ({ step, box }) => `${step}: ${box.start.map((lo, axis) => `${lo}+${box.shape[axis]}`).join(" ")}`,
  );
}

describe("demandOf", () => {
  it("asks for the box of a block alone", () => {
    const p = new ProgramBuilder();
    p.elementwise(affine(1, 1), p.source(REF, "float64", [slice(0, 100), slice(0, 10)]));
    expect(boxes(p, [20, 0], [5, 10])).toEqual(["0: 20+5 0+10", "1: 20+5 0+10"]);
  });

  it("asks once for what several steps need, and for broadcast axes once", () => {
    const p = new ProgramBuilder();
    const a = p.source(REF, "float64", [slice(0, 100)]);
    p.elementwise(binary("multiply"), p.elementwise(affine(1, 1), a), a);
    expect(boxes(p, [7], [3])).toEqual(["0: 7+3", "1: 7+3", "2: 7+3"]);
    const q = new ProgramBuilder();
    const one = q.source(REF, "float64", [slice(0, 1)]);
    q.broadcast(one, [50]);
    expect(boxes(q, [40], [10])).toEqual(["0: 0+1", "1: 40+10"]);
  });

  it("merges windows that overlap", () => {
    const p = new ProgramBuilder();
    const a = p.elementwise(affine(1, 1), p.source(REF, "float64", [slice(0, 100)]));
    const shifted = p.select(a, [slice(1, 99)]);
    p.elementwise(binary("subtract"), shifted, p.select(a, [slice(0, 99)]));
    expect(boxes(p, [10], [5])).toEqual(["0: 10+6", "1: 10+6", "2: 10+5", "3: 10+5", "4: 10+5"]);
  });

  it("merges what touches for reads alone", () => {
    const p = new ProgramBuilder();
    const a = p.source(REF, "float64", [slice(0, 100)]);
    const b = p.elementwise(affine(1, 1), a);
    p.concat(0, p.select(b, [slice(5, 5)]), p.select(b, [slice(0, 5)]));
    expect(boxes(p, [0], [10])).toEqual(["0: 0+10", "1: 5+5", "1: 0+5", "2: 0+5", "3: 0+5", "4: 0+10"]);
  });

  it("never merges to a box that holds more than was asked for", () => {
    const p = new ProgramBuilder();
    const a = p.input(0, [10, 10], ["float64"]);
    p.elementwise(
      binary("add"),
      p.select(a, [slice(0, 4), slice(0, 4)]),
      p.select(a, [slice(1, 4), slice(1, 4)]),
    );
    expect(boxes(p, [0, 0], [4, 4]).filter((box) => box.startsWith("0:"))).toHaveLength(2);
  });

  it("leaves out the parts of a concatenation that a block does not touch", () => {
    const p = new ProgramBuilder();
    const a = p.source(REF, "float64", [slice(0, 10)]);
    const b = p.source(REF, "float64", [slice(0, 10)]);
    p.concat(0, a, b);
    expect(boxes(p, [12], [4])).toEqual(["1: 2+4", "2: 12+4"]);
    const [only, last] = demandOf(p.build(), { start: [12], shape: [4] });
    expect(only.uses).toBe(1);
    expect(last.args).toEqual([null, { node: 0, box: { start: [0], shape: [4] } }]);
  });

  it("asks for nothing below a box without elements", () => {
    const p = new ProgramBuilder();
    p.select(p.source(REF, "float64", [slice(0, 10)]), [positions([])]);
    expect(boxes(p, [0], [0])).toEqual(["1: 0+0"]);
  });

  it("takes the chunks that a partial state stands for", () => {
    const p = new ProgramBuilder();
    const a = p.source(REF, "float64", [slice(0, 10)]);
    p.reduce(a, reduction("sum", "float64"), [0], [regularAxis(10, 4)]);
    expect(boxes(p, [1], [2])).toEqual(["0: 4+6", "1: 1+2"]);
  });

  it("marks elementwise steps that one reduction alone reads", () => {
    const p = new ProgramBuilder();
    const a = p.elementwise(affine(1, 1), p.literal(float64([10], (i) => i)));
    const sum = p.reduce(a, reduction("sum", "float64"), [0]);
    const fusedOf = (): boolean[] =>
      demandOf(p.build(), { start: [0], shape: [1] }).map(({ fused }) => fused);
    expect(fusedOf()).toEqual([false, true, false]);
    p.elementwise(binary("divide"), p.reduce(a, reduction("max", "float64"), [0]), sum);
    expect(fusedOf()).toEqual([false, false, false, false, false]);
  });
});
