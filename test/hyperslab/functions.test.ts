import { compute, dataArray, dataset } from "hyperslab";
import type { Executor, RunEvent } from "@hyperslab/core/executor";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { expect, it } from "vitest";
import { listOf } from "./read.js";

const t = dataArray([1, 2, 3], { dims: "x", name: "t" });

it("refuses to compute what has no labels", async () => {
  await expect(compute([5 as never])).rejects.toThrow("give labelled objects");
  await expect(compute(undefined as never)).rejects.toThrow("give labelled objects");
});

it("computes several objects in one plan", async () => {
  let runs = 0;
  const inline = inlineExecutor();
  const counting: Executor = {
    name: "counting",
    run(plan, options) {
      runs++;
      return inline.run(plan, options);
    },
  };
  const events: RunEvent["kind"][] = [];
  const [sum, both] = await compute([t.sum(), dataset({ a: t.add(1), b: t.mul(2) })], {
    on: counting,
    progress: ({ kind }) => events.push(kind),
  });
  expect(runs).toBe(1);
  expect(events[0]).toBe("started");
  expect(await sum.item()).toBe(6);
  expect(both.inMemory).toBe(true);
  expect(await listOf(both.get("b"))).toEqual([2, 4, 6]);
});

it("takes objects one by one", async () => {
  const [low, high] = await compute(t.min(), t.max());
  expect([await low.item(), await high.item()]).toEqual([1, 3]);
});

it("needs no plan for what is there", async () => {
  const never: Executor = {
    name: "never",
    run() {
      throw new Error("asked to run");
    },
  };
  const [same] = await compute([t], { on: never });
  expect(await listOf(same)).toEqual([1, 2, 3]);
});
