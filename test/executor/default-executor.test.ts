import { regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { slice } from "@hyperslab/core/box";
import { closeDefaultExecutor, defaultExecutor, isSmall } from "@hyperslab/executor/default-executor";
import { afterAll, expect, it } from "vitest";
import { collect, elements } from "./collect.js";
import { ProgramBuilder, affine, float64, planOf, stageOf } from "./plan-builder.js";

afterAll(closeDefaultExecutor);

function plan(length: number, chunk: number, read = 0) {
  const p = new ProgramBuilder();
  p.elementwise(affine(1, 1), p.literal(float64([length], (i) => i)));
  const cost = { output: chunk * 8, working: 0, read };
  return planOf([stageOf("plus one", regularGrid([length], [chunk]), p, [], { cost })]);
}

it("takes plans of few bytes and few tasks for small", () => {
  expect(isSmall(plan(10, 5))).toBe(true);
  expect(isSmall(plan(100, 5))).toBe(false);
  expect(isSmall(plan(10, 5, 2 ** 30))).toBe(false);
  const p = new ProgramBuilder();
  p.source({ format: "zarr", store: { kind: "process", id: 1 }, path: "/", detail: null }, "float64", [
    slice(0, 4),
  ]);
  const cost = { output: 2 ** 30, working: 0, read: 2 ** 30 };
  expect(isSmall(planOf([stageOf("of this process", wholeGrid([4]), p, [], { cost })]))).toBe(true);
});

it("gives the same blocks for small plans and large ones", async () => {
  for (const [length, chunk] of [
    [10, 5],
    [100, 5],
  ])
    expect((await collect(defaultExecutor(), plan(length, chunk))).map(elements)).toEqual([
      Array.from({ length }, (_, i) => i + 1),
    ]);
});

it("starts new threads after it was closed", async () => {
  await closeDefaultExecutor();
  expect(elements((await collect(defaultExecutor(), plan(100, 5)))[0])[99]).toBe(100);
});
