/**
 * Bytes that live at one moment, over the real cores of a scheduler and two workers: they must not grow with the data. The
 * plan is that of quadratic means: u and v are loaded block by block, their products are averaged, and every block is read by
 * two products, so an order that loads first and averages later holds everything.
 */
import type { PlanOutline, StageOutline } from "@hyperslab/core/plan";
import { describe, expect, it } from "vitest";
import { stage } from "./plans.js";
import { Simulation } from "./simulation.js";

const BLOCK = 1000;
const STATE = 8;

/** mean(u·u), mean(u·v), mean(v·v) over `count` blocks each. */
function quadraticMeans(count: number): PlanOutline {
  const stages: StageOutline[] = [];
  const add = (one: StageOutline): number => stages.push(one) - 1;
  const same = (from: number): StageInput => ({ stage: from, map: { kind: "same", axis: 0 } });
  const u = add(stage("u", count, 1, [], { output: BLOCK, working: 0 }));
  const v = add(stage("v", count, 1, [], { output: BLOCK, working: 0 }));
  const pairs = [
    [u, u],
    [u, v],
    [v, v],
  ];
  const outputs = pairs.map(([left, right]) => {
    const inputs = left === right ? [same(left)] : [same(left), same(right)];
    let last = add(stage("products", count, 1, inputs, { output: STATE, working: BLOCK }));
    for (let rest = count / 4; rest >= 1; rest /= 4) {
      const states: StageInput = { stage: last, map: { kind: "tree", axis: 0, fanIn: 4 } };
      last = add(stage("combined", rest, 1, [states], { output: STATE, working: 0 }));
    }
    return last;
  });
  return { stages, outputs };
}

type StageInput = NonNullable<Parameters<typeof stage>[3]>[number];

/** The most bytes that all workers together held, and had promised to running tasks. */
function peakOf(count: number, seed: number): number {
  const simulation = new Simulation({ seed, threads: 1, memory: 1e9, window: 1e6, unchecked: true });
  simulation.join();
  simulation.join();
  simulation.submit(1, quadraticMeans(count));
  let peak = 0;
  while (simulation.step()) {
    let bytes = 0;
    for (const worker of simulation.scheduler.workers.values()) bytes += worker.stored + worker.reserved;
    peak = Math.max(peak, bytes);
  }
  expect(simulation.ended.get(1), `seed ${seed}`).toBe("finished");
  return peak;
}

describe("live bytes", () => {
  it("stay as they are while quadratic means take sixteen times the data", () => {
    const seeds = [1, 2, 3];
    const most = (count: number): number => Math.max(...seeds.map((seed) => peakOf(count, seed)));
    const small = most(16);
    const large = most(256);
    // all blocks would be five hundred
    expect(large).toBeLessThan(64 * BLOCK);
    expect(large).toBeLessThan(1.5 * small);
  });
});
